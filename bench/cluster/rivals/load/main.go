// Load: so many clients, each with one request at a time, all at the leader. Prints one object of JSON.
package main

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"os"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

// leader asks all servers until one says that it leads.
func leader(addresses []string) string {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, address := range addresses {
			if leads(address) {
				return address
			}
		}
	}
	log.Fatal("no server leads")
	return ""
}

func leads(address string) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	defer connection.Close()
	connection.Write(make([]byte, 4))
	connection.SetReadDeadline(time.Now().Add(time.Second))
	var answer [1]byte
	_, err = io.ReadFull(connection, answer[:])
	return err == nil && answer[0] == 1
}

var errRejected = errors.New("rejected")

// request sends one command, and waits until it is committed and applied.
func request(connection net.Conn, command []byte) error {
	if _, err := connection.Write(command); err != nil {
		return err
	}
	var answer [1]byte
	if _, err := io.ReadFull(connection, answer[:]); err != nil {
		return err
	}
	if answer[0] != 1 {
		return errRejected
	}
	return nil
}

// run sends requests until the end, and returns how long each of those took that began after the warm-up.
func run(address string, command []byte, begin, end time.Time) (times []time.Duration, failed int) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	for {
		start := time.Now()
		if start.After(end) {
			return
		}
		if err := request(connection, command); err != nil {
			if failed++; failed > 100 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		} else if start.After(begin) {
			times = append(times, time.Since(start))
		}
	}
}

func main() {
	addresses := flag.String("addresses", "", "the servers, separated by commas")
	clients := flag.Int("clients", 1, "how many")
	seconds := flag.Duration("time", 10*time.Second, "how long to measure")
	warm := flag.Duration("warm", 2*time.Second, "how long before")
	size := flag.Int("size", 256, "bytes of a command")
	flag.Parse()
	command := make([]byte, 4+*size)
	binary.BigEndian.PutUint32(command, uint32(*size))
	rand.Read(command[4:])
	address := leader(strings.Split(*addresses, ","))
	begin := time.Now().Add(*warm)
	var all []time.Duration
	failed := 0
	var lock sync.Mutex
	var group sync.WaitGroup
	for range *clients {
		group.Go(func() {
			times, errors := run(address, command, begin, begin.Add(*seconds))
			lock.Lock()
			defer lock.Unlock()
			all = append(all, times...)
			failed += errors
		})
	}
	group.Wait()
	if len(all) == 0 {
		log.Fatal("nothing was committed")
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	quantile := func(part float64) float64 { return float64(all[int(part*float64(len(all)-1))].Microseconds()) / 1000 }
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"perSecond": float64(len(all)) / seconds.Seconds(),
		"p50":       quantile(0.5),
		"p99":       quantile(0.99),
		"committed": len(all),
		"failed":    failed,
		"cpu":       time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds(),
	})
}
