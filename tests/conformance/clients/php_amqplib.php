<?php
// php-amqplib. See test_91_clients.py for the story.
require_once 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

[, $url, $prefix] = $argv;
const HEADERS = ['list' => [1, 'two', ['three' => 3]], 'yes' => true, 'none' => null, 'big' => 2 ** 40];

function say(string $step): void
{
    echo "ok $step\n";
}

function check(bool $truth, mixed $what): void
{
    if (!$truth) {
        throw new Exception('not so: ' . var_export($what, true));
    }
}

function connect(int $heartbeat = 0): AMQPStreamConnection
{
    global $url;
    ['host' => $host, 'port' => $port] = parse_url($url);
    return new AMQPStreamConnection($host, $port, 'guest', 'guest', '/', false, 'AMQPLAIN', null,
        'en_US', 3.0, 20.0, null, false, $heartbeat);
}

function get($channel, string $queue): AMQPMessage
{
    while (!$message = $channel->basic_get($queue, true)) {
    }
    return $message;
}

$connection = connect();
$channel = $connection->channel();
[$exchange, $jobs, $dead, $misc] = ["$prefix.x", "$prefix.jobs", "$prefix.dead", "$prefix.misc"];

$channel->exchange_declare($exchange, 'topic');
$channel->queue_declare($dead, false, false, true, false);
$arguments = new AMQPTable(['x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => $dead]);
$channel->queue_declare($jobs, false, false, true, false, false, $arguments);
$channel->queue_bind($jobs, $exchange, 'jobs.#');
say('declare');

$acked = 0;
$channel->set_ack_handler(function () use (&$acked) {
    $acked++;
});
$channel->confirm_select();
for ($n = 0; $n < 20; $n++) {
    $channel->basic_publish(new AMQPMessage("$n", ['delivery_mode' => 2]), $exchange, "jobs.$n");
}
$channel->wait_for_pending_acks(20);
check($acked === 20, $acked);
say('confirms');

$returned = [];
$channel->set_return_listener(function ($code, $text, $exchange, $key, $message) use (&$returned) {
    $returned = [$code, $text, $key, $message->body];
});
$channel->basic_publish(new AMQPMessage('back'), $exchange, 'nowhere', true);
$channel->wait_for_pending_acks_returns(20);
check($returned === [312, 'NO_ROUTE', 'nowhere', 'back'], $returned);
say('return');

$done = [];
$again = [];
$channel->basic_qos(0, 5, false);
$tag = $channel->basic_consume($jobs, '', false, false, false, false,
    function (AMQPMessage $message) use (&$done, &$again) {
        if ($message->body === '7' && !$message->isRedelivered()) {
            $message->nack(true);
            return;
        }
        $done[] = (int) $message->body;
        if ($message->isRedelivered()) {
            $again[] = (int) $message->body;
        }
        $message->body === '13' ? $message->reject(false) : $message->ack();
    });
while (count($done) < 20) {
    $channel->wait(null, false, 20);
}
$channel->basic_cancel($tag);
sort($done);
check($done === range(0, 19), $done);
check(in_array(7, $again), $again);
say('consume');

$death = get($channel, $dead)->get('application_headers')->getNativeData()['x-death'][0];
check([$death['reason'], $death['queue'], $death['count']] === ['rejected', $jobs, 1], $death);
say('dead letter');

$channel->queue_declare($misc, false, false, true, false);
$headers = ['application_headers' => new AMQPTable(HEADERS)];
$channel->basic_publish(new AMQPMessage('x', $headers), '', $misc);
$back = get($channel, $misc)->get('application_headers')->getNativeData();
check($back === HEADERS, $back);
say('headers');

$body = str_repeat(implode(array_map('chr', range(0, 255))), 4096);
$channel->basic_publish(new AMQPMessage($body), '', $misc);
check(get($channel, $misc)->body === $body, 'the large body arrives whole');
say('large body');

// php-amqplib tells of the server's cancel by an exception.
$channel->basic_consume($misc, 'mine', false, true);
$connection->channel()->queue_delete($misc);
try {
    while (true) {
        $channel->wait(null, false, 20);
    }
} catch (PhpAmqpLib\Exception\AMQPBasicCancelException $cancel) {
    check($cancel->consumerTag === 'mine', $cancel->consumerTag);
}
say('cancel');

foreach ([["$prefix.absent", true, 404, "NOT_FOUND - no queue '$prefix.absent' in vhost '/'"],
    [$jobs, false, 406, "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter"]] as $case) {
    [$queue, $passive, $code, $text] = $case;
    try {
        $connection->channel()->queue_declare($queue, $passive, false, true, false);
        throw new Exception("no $code");
    } catch (AMQPProtocolChannelException $refusal) {
        check($refusal->amqp_reply_code === $code, $refusal->getMessage());
        check(str_starts_with($refusal->amqp_reply_text, $text), $refusal->getMessage());
    }
}
say('refusals');

$beating = connect(7);
check($beating->getHeartbeat() === 7, $beating->getHeartbeat());
$beating->close();
say('heartbeat');

$connection->close();
say('close');
