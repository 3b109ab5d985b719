# Bunny, Ruby's client. See test_91_clients.py for the story.
require 'bunny'

URL, PREFIX = ARGV
HEADERS = { 'list' => [1, 'two', { 'three' => 3 }], 'yes' => true, 'none' => nil, 'big' => 2**40 }

def say(step)
  puts "ok #{step}"
  $stdout.flush
end

def check(truth, what)
  raise "not so: #{what}" unless truth
end

connection = Bunny.new(URL).start
channel = connection.create_channel

exchange = channel.topic("#{PREFIX}.x", auto_delete: true)
dead = channel.queue("#{PREFIX}.dead", exclusive: true)
arguments = { 'x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => dead.name }
jobs = channel.queue("#{PREFIX}.jobs", exclusive: true, arguments: arguments)
jobs.bind(exchange, routing_key: 'jobs.#')
say 'declare'

channel.confirm_select
20.times { |n| exchange.publish(n.to_s, routing_key: "jobs.#{n}", persistent: true) }
check channel.wait_for_confirms, 'all are confirmed'
check jobs.message_count == 20, "#{jobs.message_count} messages"
say 'confirms'

returned = Queue.new
exchange.on_return { |info, _, body| returned << [info.reply_code, info.reply_text, body] }
exchange.publish('back', routing_key: 'nowhere', mandatory: true)
check returned.pop == [312, 'NO_ROUTE', 'back'], 'the message comes back'
say 'return'

channel.prefetch(5)
done = Queue.new
consumer = jobs.subscribe(manual_ack: true) do |info, _, body|
  if body == '7' && !info.redelivered?
    channel.nack(info.delivery_tag, false, true)
  else
    body == '13' ? channel.reject(info.delivery_tag, false) : channel.ack(info.delivery_tag)
    done << [body.to_i, info.redelivered?]
  end
end
settled = Array.new(20) { done.pop }
consumer.cancel
check settled.map(&:first).sort == (0..19).to_a, settled
check settled.include?([7, true]), settled
say 'consume'

properties = nil
_, properties, = dead.pop until properties
death, = properties.headers['x-death']
check death.values_at('reason', 'queue', 'count') == ['rejected', jobs.name, 1], death
say 'dead letter'

misc = channel.queue("#{PREFIX}.misc", exclusive: true)
misc.publish('x', headers: HEADERS)
channel.wait_for_confirms
_, properties, = misc.pop
check properties.headers == HEADERS, properties.headers
say 'headers'

body = (0..255).to_a.pack('C*') * 4096
misc.publish(body)
channel.wait_for_confirms
check misc.pop.last == body, 'the large body arrives whole'
say 'large body'

cancelled = Queue.new
watcher = Bunny::Consumer.new(channel, misc, 'mine')
watcher.on_cancellation { |cancel| cancelled << cancel.consumer_tag }
misc.subscribe_with(watcher)
misc.delete
check cancelled.pop == 'mine', 'the consumer is told'
say 'cancel'

refusals = [
  ["#{PREFIX}.absent", { passive: true }, Bunny::NotFound, "NOT_FOUND - no queue '"],
  [jobs.name, { exclusive: true }, Bunny::PreconditionFailed, "PRECONDITION_FAILED - inequivalent"]
]
refusals.each do |queue, options, refusal, text|
  connection.create_channel.queue_declare(queue, options)
  raise "no refusal of #{queue}"
rescue refusal => e
  check e.message.include?(text), e.message
end
say 'refusals'

beating = Bunny.new(URL, heartbeat: 7).start
check beating.heartbeat == 7, beating.heartbeat
beating.close
say 'heartbeat'

connection.close
say 'close'
