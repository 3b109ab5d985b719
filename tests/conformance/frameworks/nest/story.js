// A NestJS microservice and its client, as docs.nestjs.com/microservices/rabbitmq shows them; the
// decorators are applied by hand, because this is JavaScript. See test_93_frameworks_node.py.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import {once} from 'node:events'
import {Controller, Module} from '@nestjs/common'
import {NestFactory} from '@nestjs/core'
import {
  ClientProxyFactory, Ctx, EventPattern, MessagePattern, Payload, RpcException, Transport,
} from '@nestjs/microservices'
import {firstValueFrom} from 'rxjs'

const [url, prefix] = process.argv.slice(2)
const dead = `${prefix}.dead`
const say = step => console.log(`ok ${step}`)
const heard = []
const ack = context => context.getChannelRef().ack(context.getMessage())

class Jobs {
  add({a, b}, context) {
    ack(context)
    return a + b
  }

  fail(_, context) {
    ack(context)
    throw new RpcException('no such video')
  }

  hear(payload, context) {
    ack(context)
    heard.push(payload)
  }

  reject(_, context) {
    context.getChannelRef().nack(context.getMessage(), false, false)
  }
}

const decorated = {
  add: MessagePattern('add'),
  fail: MessagePattern('fail'),
  hear: EventPattern('hear'),
  reject: EventPattern('reject'),
}
for (const [name, decorator] of Object.entries(decorated)) {
  decorator(Jobs.prototype, name, Object.getOwnPropertyDescriptor(Jobs.prototype, name))
  Payload()(Jobs.prototype, name, 0)
  Ctx()(Jobs.prototype, name, 1)
}
Controller()(Jobs)
class Application {}
Module({controllers: [Jobs]})(Application)

const common = {
  urls: [url],
  queue: `${prefix}.jobs`,
  queueOptions: {durable: true, deadLetterExchange: '', deadLetterRoutingKey: dead},
}
const service = await NestFactory.createMicroservice(
  Application,
  {logger: false, transport: Transport.RMQ, options: {...common, noAck: false, prefetchCount: 10}},
)
await service.listen()
const client = ClientProxyFactory.create({transport: Transport.RMQ, options: common})
const ask = (pattern, payload) => firstValueFrom(client.send(pattern, payload))
const until = async condition => {
  while (!await condition()) await new Promise(resolve => setTimeout(resolve, 20))
}

assert.equal(await ask('add', {a: 2, b: 3}), 5)
say('request')

const sums = await Promise.all([...Array(100).keys()].map(n => ask('add', {a: n, b: n})))
assert.deepEqual(sums, [...Array(100).keys()].map(n => 2 * n))
say('many requests')

await firstValueFrom(client.emit('hear', {id: 1}))
await until(() => heard.length === 1)
assert.deepEqual(heard, [{id: 1}])
say('event')

await assert.rejects(ask('fail', {}), error => /no such video/.test(JSON.stringify(error)))
say('failure')

const channel = service.unwrap().createChannel({setup: it => it.assertQueue(dead, {durable: true})})
await channel.waitForConnect()
await firstValueFrom(client.emit('reject', {id: 2}))
let message
await until(async () => message = await channel.get(dead, {noAck: true}))
assert.equal(message.properties.headers['x-death'][0].reason, 'rejected')
say('dead letter')

const reconnected = once(service.unwrap(), 'connect')
console.log('restart the broker')
await reconnected
await until(async () => await ask('add', {a: 1, b: 1}).catch(() => 0) === 2)
say('reconnect')

await client.close()
await service.close()
say('close')
