// amqplib, the client of Node.js. See test_91_clients.py for the story.
import assert from 'node:assert/strict'
import {once} from 'node:events'
import amqp from 'amqplib'

const [url, prefix] = process.argv.slice(2)
const say = step => console.log(`ok ${step}`)
const connection = await amqp.connect(url)
const channel = await connection.createConfirmChannel()
const [exchange, jobs, dead, misc] = ['x', 'jobs', 'dead', 'misc'].map(label => `${prefix}.${label}`)
const get = async queue => await channel.get(queue, {noAck: true}) || get(queue)

await channel.assertExchange(exchange, 'topic', {durable: false, autoDelete: true})
await channel.assertQueue(dead, {exclusive: true})
await channel.assertQueue(jobs, {exclusive: true, deadLetterExchange: '', deadLetterRoutingKey: dead})
await channel.bindQueue(jobs, exchange, 'jobs.#')
say('declare')

for (let n = 0; n < 20; n++) {
  channel.publish(exchange, `jobs.${n}`, Buffer.from(String(n)), {persistent: true})
}
await channel.waitForConfirms()
assert.equal((await channel.checkQueue(jobs)).messageCount, 20)
say('confirms')

const returned = once(channel, 'return')
channel.publish(exchange, 'nowhere', Buffer.from('back'), {mandatory: true})
const [message] = await returned
assert.deepEqual([message.fields.replyCode, message.fields.replyText], [312, 'NO_ROUTE'])
assert.equal(message.content.toString(), 'back')
say('return')

const done = []
let held = 0
let mostHeld = 0
let again = 0
await channel.prefetch(5)
const {consumerTag} = await new Promise((resolve, reject) => {
  channel.on('error', reject)
  const consuming = channel.consume(jobs, message => {
    mostHeld = Math.max(mostHeld, ++held)
    setImmediate(() => {
      held--
      const body = message.content.toString()
      if (body === '7' && !message.fields.redelivered) return channel.nack(message, false, true)
      if (body === '13') channel.reject(message, false)
      else channel.ack(message)
      again += body === '7'
      if (done.push(Number(body)) === 20) resolve(consuming)
    })
  })
})
await channel.cancel(consumerTag)
assert.deepEqual(done.sort((a, b) => a - b), [...Array(20).keys()])
assert.equal(again, 1)
assert.ok(mostHeld <= 5, `${mostHeld} held with a prefetch of 5`)
say('consume')

const [death] = (await get(dead)).properties.headers['x-death']
assert.deepEqual([death.reason, death.queue, death.count], ['rejected', jobs, 1])
say('dead letter')

await channel.assertQueue(misc, {exclusive: true})
const headers = {list: [1, 'two', {three: 3}], yes: true, none: null, big: 2 ** 40, half: 0.5}
channel.sendToQueue(misc, Buffer.from('x'), {headers})
assert.deepEqual((await get(misc)).properties.headers, headers)
say('headers')

const body = Buffer.alloc(1 << 20, Buffer.from([...Array(256).keys()]))
channel.sendToQueue(misc, body)
assert.ok((await get(misc)).content.equals(body))
say('large body')

const cancelled = new Promise(resolve => channel.consume(misc, resolve, {noAck: true}))
await channel.deleteQueue(misc)
assert.equal(await cancelled, null)
say('cancel')

for (const [refused, text] of [
  [other => other.checkQueue(`${prefix}.absent`), /404 .*NOT_FOUND - no queue '/],
  [other => other.assertQueue(jobs, {exclusive: true}), /406 .*PRECONDITION_FAILED - inequivalent/],
]) {
  const other = await connection.createChannel()
  other.on('error', () => {})
  await assert.rejects(refused(other), text)
}
say('refusals')

const beating = await amqp.connect(`${url}?heartbeat=7`)
assert.equal(beating.connection.heartbeat, 7)
await beating.close()
say('heartbeat')

await connection.close()
say('close')
