// amqplib against the broker in argv[2]: each step prints one line when it holds, and the first
// that does not ends the process with its stack trace. The names begin with argv[3].
import assert from 'node:assert/strict'
import {once} from 'node:events'
import amqp from 'amqplib'

const [url, prefix] = process.argv.slice(2)
const connection = await amqp.connect(url)
const say = step => console.log(`ok ${step}`)

const confirming = await connection.createConfirmChannel()
{
  const {queue} = await confirming.assertQueue(`${prefix}.confirmed`, {durable: true})
  for (let n = 0; n < 200; n++) {
    confirming.sendToQueue(queue, Buffer.from(String(n)), {persistent: true, messageId: `m-${n}`})
  }
  await confirming.waitForConfirms()
  const {messageCount} = await confirming.checkQueue(queue)
  assert.equal(messageCount, 200)
  say('confirms')
}

{
  const channel = await connection.createChannel()
  await channel.prefetch(10)
  const seen = []
  let held = 0
  let mostHeld = 0
  let redelivered = 0
  await new Promise((resolve, reject) => {
    channel.on('error', reject)
    channel.consume(`${prefix}.confirmed`, message => {
      mostHeld = Math.max(mostHeld, ++held)
      setImmediate(() => {
        held--
        if (message.content.toString() === '100' && !message.fields.redelivered) {
          return channel.nack(message, false, true)
        }
        redelivered += message.fields.redelivered ? 1 : 0
        seen.push(message.properties.messageId)
        channel.ack(message)
        if (seen.length === 200) resolve()
      })
    })
  })
  assert.equal(new Set(seen).size, 200)
  assert.equal(redelivered, 1)
  assert.ok(mostHeld <= 10, `${mostHeld} held with a prefetch of 10`)
  await channel.close()
  say('prefetch and requeue')
}

{
  const channel = await connection.createChannel()
  const exchange = `${prefix}.topic`
  await channel.assertExchange(exchange, 'topic', {durable: false, autoDelete: true})
  const {queue} = await channel.assertQueue('', {exclusive: true})
  await channel.bindQueue(queue, exchange, 'jobs.*.high')
  await channel.bindQueue(queue, exchange, 'mail.#')
  for (const key of ['jobs.video.high', 'jobs.video.low', 'mail', 'mail.out.now', 'jobs.high']) {
    channel.publish(exchange, key, Buffer.from(key), {headers: {list: [1, 'two', {three: 3}]}})
  }
  const got = []
  await new Promise(resolve => {
    channel.consume(queue, message => {
      assert.deepEqual(message.properties.headers.list, [1, 'two', {three: 3}])
      if (got.push(message.fields.routingKey) === 3) resolve()
    }, {noAck: true})
  })
  assert.deepEqual(got, ['jobs.video.high', 'mail', 'mail.out.now'])
  await channel.close()
  say('topic routing')
}

{
  const body = Buffer.alloc(3 * 1024 * 1024, n => n)
  for (let n = 0; n < body.length; n += 4096) body.writeUInt32BE(n, n)
  const {queue} = await confirming.assertQueue(`${prefix}.large`, {autoDelete: false})
  confirming.sendToQueue(queue, body)
  await confirming.waitForConfirms()
  const message = await confirming.get(queue, {noAck: true})
  assert.ok(message.content.equals(body))
  assert.equal(await confirming.get(queue), false)
  say('large body')
}

{
  const dead = `${prefix}.dead`
  const work = `${prefix}.work`
  await confirming.assertQueue(dead)
  await confirming.assertQueue(work, {deadLetterExchange: '', deadLetterRoutingKey: dead})
  confirming.sendToQueue(work, Buffer.from('job'))
  await confirming.waitForConfirms()
  confirming.reject(await confirming.get(work), false)
  let message = false
  while (!message) message = await confirming.get(dead, {noAck: true})
  assert.equal(message.properties.headers['x-death'][0].reason, 'rejected')
  assert.equal(message.properties.headers['x-death'][0].count, 1)
  say('dead letter')
}

{
  const returned = once(confirming, 'return')
  confirming.publish('', `${prefix}.nowhere`, Buffer.from('back'), {mandatory: true})
  const [message] = await returned
  assert.equal(message.fields.replyCode, 312)
  assert.equal(message.content.toString(), 'back')
  say('return')
}

{
  const channel = await connection.createChannel()
  channel.on('error', () => {})
  await assert.rejects(channel.checkQueue(`${prefix}.absent`), /404 \(NOT-FOUND\)/)
  say('refusal')
}

for (const queue of ['confirmed', 'large', 'dead', 'work']) {
  await confirming.deleteQueue(`${prefix}.${queue}`)
}
await connection.close()
say('close')
