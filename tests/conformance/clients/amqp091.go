// amqp091-go, the Go client. See test_91_clients.py for the story.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

var headers = amqp.Table{
	"list": []interface{}{int32(1), "two", amqp.Table{"three": int32(3)}},
	"yes":  true, "none": nil, "big": int64(1) << 40, "half": 0.5,
}

func say(step string) { fmt.Println("ok", step) }

func check(truth bool, what ...interface{}) {
	if !truth {
		log.Panicln(append([]interface{}{"not so:"}, what...)...)
	}
}

func must[T any](value T, err error) T {
	check(err == nil, err)
	return value
}

func get(channel *amqp.Channel, queue string) amqp.Delivery {
	for {
		delivery, ok, err := channel.Get(queue, true)
		check(err == nil, err)
		if ok {
			return delivery
		}
	}
}

func main() {
	url, prefix := os.Args[1], os.Args[2]
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	connection := must(amqp.Dial(url))
	channel := must(connection.Channel())
	exchange, jobs, dead, misc := prefix+".x", prefix+".jobs", prefix+".dead", prefix+".misc"
	// Not by its deferred confirms: 1.5 loses one that comes before it has noted the publish.
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, 1))
	publish := func(exchange, key string, message amqp.Publishing) {
		err := channel.PublishWithContext(ctx, exchange, key, key == "nowhere", false, message)
		check(err == nil, err)
		confirm := <-confirms
		check(confirm.Ack, confirm)
	}

	check(channel.ExchangeDeclare(exchange, "topic", false, true, false, false, nil) == nil)
	must(channel.QueueDeclare(dead, false, false, true, false, nil))
	arguments := amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
	must(channel.QueueDeclare(jobs, false, false, true, false, arguments))
	check(channel.QueueBind(jobs, "jobs.#", exchange, false, nil) == nil)
	say("declare")

	check(channel.Confirm(false) == nil)
	for n := 0; n < 20; n++ {
		body := []byte(strconv.Itoa(n))
		publish(exchange, "jobs.n", amqp.Publishing{DeliveryMode: amqp.Persistent, Body: body})
	}
	say("confirms")

	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	publish(exchange, "nowhere", amqp.Publishing{Body: []byte("back")})
	returned := <-returns
	check(returned.ReplyCode == 312 && returned.ReplyText == "NO_ROUTE", returned)
	check(string(returned.Body) == "back", returned)
	say("return")

	check(channel.Qos(5, 0, false) == nil)
	deliveries := must(channel.Consume(jobs, "worker", false, false, false, false, nil))
	done, again := map[string]bool{}, map[string]bool{}
	for len(done) < 20 {
		delivery := <-deliveries
		body := string(delivery.Body)
		switch {
		case body == "7" && !delivery.Redelivered:
			check(delivery.Nack(false, true) == nil)
			continue
		case body == "13":
			check(delivery.Reject(false) == nil)
		default:
			check(delivery.Ack(false) == nil)
		}
		done[body], again[body] = true, delivery.Redelivered
	}
	check(again["7"], again)
	check(channel.Cancel("worker", false) == nil)
	say("consume")

	death := get(channel, dead).Headers["x-death"].([]interface{})[0].(amqp.Table)
	check(death["reason"] == "rejected" && death["queue"] == jobs, death)
	check(death["count"] == int64(1), death)
	say("dead letter")

	must(channel.QueueDeclare(misc, false, false, true, false, nil))
	publish("", misc, amqp.Publishing{Headers: headers})
	back := get(channel, misc).Headers
	check(reflect.DeepEqual(back, headers), back)
	say("headers")

	body := bytes.Repeat([]byte("0123456789abcdef"), 65536)
	publish("", misc, amqp.Publishing{Body: body})
	check(bytes.Equal(get(channel, misc).Body, body), "the large body arrives whole")
	say("large body")

	cancels := channel.NotifyCancel(make(chan string, 1))
	must(channel.Consume(misc, "mine", true, false, false, false, nil))
	must(channel.QueueDelete(misc, false, false, false))
	check(<-cancels == "mine", "the consumer is told")
	say("cancel")

	var refusal *amqp.Error
	_, err := must(connection.Channel()).QueueDeclarePassive(
		prefix+".absent", false, false, false, false, nil)
	check(errors.As(err, &refusal) && refusal.Code == 404, err)
	check(refusal.Reason == "NOT_FOUND - no queue '"+prefix+".absent' in vhost '/'", refusal)
	_, err = must(connection.Channel()).QueueDeclare(jobs, false, false, true, false, nil)
	check(errors.As(err, &refusal) && refusal.Code == 406, err)
	check(strings.HasPrefix(refusal.Reason, "PRECONDITION_FAILED - inequivalent arg '"), refusal)
	say("refusals")

	beating := must(amqp.DialConfig(url, amqp.Config{Heartbeat: 7 * time.Second}))
	check(beating.Config.Heartbeat == 7*time.Second, beating.Config.Heartbeat)
	check(beating.Close() == nil)
	say("heartbeat")

	check(connection.Close() == nil)
	say("close")
}
