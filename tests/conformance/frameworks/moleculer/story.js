// Two moleculer nodes that know each other by the AMQP transporter only, as moleculer.services
// shows it. See test_93_frameworks_node.py.
import assert from 'node:assert/strict'
import {once} from 'node:events'
import moleculer from 'moleculer'

const [url, prefix] = process.argv.slice(2)
const say = step => console.log(`ok ${step}`)
const heard = []
const start = async (nodeID, services) => {
  const broker = new moleculer.ServiceBroker({
    namespace: prefix, nodeID, transporter: url, logger: false,
  })
  for (const service of services) broker.createService(service)
  await broker.start()
  return broker
}

const worker = await start('worker', [{
  name: 'jobs',
  actions: {
    add: context => context.params.a + context.params.b,
    fail() {
      throw new moleculer.Errors.MoleculerError('no such video', 404, 'NO_VIDEO')
    },
  },
  events: {'video.uploaded': context => heard.push(context.params)},
}])
const caller = await start('caller', [])
const until = async condition => {
  while (!await condition()) await new Promise(resolve => setTimeout(resolve, 20))
}
await caller.waitForServices('jobs')

assert.equal(await caller.call('jobs.add', {a: 2, b: 3}), 5)
say('request')

const numbers = [...Array(20).keys()]  // One at a time: its prefetch is 1.
const sums = await Promise.all(numbers.map(n => caller.call('jobs.add', {a: n, b: n})))
assert.deepEqual(sums, numbers.map(n => 2 * n))
say('many requests')

await caller.emit('video.uploaded', {id: 1})
await caller.broadcast('video.uploaded', {id: 2})
await until(() => heard.length === 2)
assert.deepEqual(heard.map(({id}) => id).sort(), [1, 2])
say('event')

await assert.rejects(caller.call('jobs.fail'), {message: 'no such video', code: 404})
say('failure')

const again = [worker, caller].map(node => once(node.localBus, '$transporter.connected'))
console.log('restart the broker')
await Promise.all(again)
await caller.waitForServices('jobs')
assert.equal(await caller.call('jobs.add', {a: 1, b: 1}), 2)
say('reconnect')

await Promise.all([caller.stop(), worker.stop()])
say('close')
process.exit(0)
