// The load of the benchmark of clusters: so many clients, each on a connection of its own to the leader, each of which sends
// its next command when the last one is answered. It needs nothing but Go.
//
// A request is four bytes of length, the most significant first, and as many bytes of a command; the answer is one byte, 1 if
// the command is committed and applied, 0 if not. A request without a command asks whether the server leads.
//
// It prints "begin" when it has warmed up, "end" when the time is over, and then one JSON object: what was measured between.
package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

type result struct {
	Proposals int     `json:"proposals"`
	Errors    int     `json:"errors"`
	P50Ms     float64 `json:"p50Ms"`
	P99Ms     float64 `json:"p99Ms"`
	MaxMs     float64 `json:"maxMs"`
}

type client struct {
	connection net.Conn
	request    []byte
	answer     [1]byte
}

var errRefused = errors.New("refused")

func connect(address string, command []byte) (*client, error) {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return nil, err
	}
	request := binary.BigEndian.AppendUint32(nil, uint32(len(command)))
	return &client{connection: connection, request: append(request, command...)}, nil
}

func (c *client) ask(patience time.Duration) error {
	c.connection.SetDeadline(time.Now().Add(patience))
	if _, err := c.connection.Write(c.request); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.connection, c.answer[:]); err != nil {
		return err
	}
	if c.answer[0] != 1 {
		return errRefused
	}
	return nil
}

func findLeader(addresses []string, patience time.Duration) (string, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, address := range addresses {
			c, err := connect(address, nil)
			if err != nil {
				continue
			}
			err = c.ask(time.Second)
			c.connection.Close()
			if err == nil {
				return address, nil
			}
		}
	}
	return "", fmt.Errorf("nobody leads after %v", patience)
}

// work proposes until the end, and returns how long the answers took that came after the beginning.
func work(c *client, begin, end time.Time) (latencies []time.Duration, failures int) {
	for {
		sent := time.Now()
		if sent.After(end) {
			return latencies, failures
		}
		err := c.ask(30 * time.Second)
		if errors.Is(err, errRefused) {
			failures++
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			return latencies, failures + 1
		}
		if sent.After(begin) {
			latencies = append(latencies, time.Since(sent))
		}
	}
}

func run(addresses []string, clients, length int, warm, duration time.Duration) (*result, error) {
	leader, err := findLeader(addresses, 20*time.Second)
	if err != nil {
		return nil, err
	}
	command := make([]byte, length)
	for at := range command {
		command[at] = byte(rand.Uint32())
	}
	all := make([]*client, clients)
	for at := range all {
		if all[at], err = connect(leader, command); err != nil {
			return nil, err
		}
		defer all[at].connection.Close()
	}
	begin := time.Now().Add(warm)
	end := begin.Add(duration)
	time.AfterFunc(warm, func() { fmt.Println("begin") })
	time.AfterFunc(warm+duration, func() { fmt.Println("end") })
	var lock sync.Mutex
	var group sync.WaitGroup
	var latencies []time.Duration
	failures := 0
	for _, c := range all {
		group.Go(func() {
			own, failed := work(c, begin, end)
			lock.Lock()
			defer lock.Unlock()
			latencies = append(latencies, own...)
			failures += failed
		})
	}
	group.Wait()
	// The line "end" comes before the result.
	time.Sleep(time.Until(end) + 20*time.Millisecond)
	if len(latencies) == 0 {
		return nil, fmt.Errorf("nothing was committed; %d proposals failed", failures)
	}
	slices.Sort(latencies)
	quantile := func(part float64) float64 {
		return float64(latencies[int(part*float64(len(latencies)-1))].Microseconds()) / 1000
	}
	return &result{len(latencies), failures, quantile(0.5), quantile(0.99), quantile(1)}, nil
}

func main() {
	addresses := flag.String("addresses", "", "where the servers listen for clients, separated by commas")
	clients := flag.Int("clients", 1, "how many clients")
	length := flag.Int("bytes", 256, "how long a command is")
	warm := flag.Duration("warm", time.Second, "how long to warm up")
	duration := flag.Duration("duration", 5*time.Second, "how long to measure")
	flag.Parse()
	measured, err := run(strings.Split(*addresses, ","), *clients, *length, *warm, *duration)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(measured)
}
