// A server of hashicorp/raft on its write-ahead log, with its own TCP transport and its defaults: ID PEERS CLIENT FOLDER.
package main

import (
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quorate.bench/cluster/client_protocol"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

// counter counts what is committed.
type counter struct{ applied uint64 }

func (c *counter) Apply(*raft.Log) any {
	c.applied++
	return nil
}

func (c *counter) Snapshot() (raft.FSMSnapshot, error) { return nothing{}, nil }
func (c *counter) Restore(from io.ReadCloser) error    { return from.Close() }

type nothing struct{}

func (nothing) Persist(to raft.SnapshotSink) error { return to.Close() }
func (nothing) Release()                           {}

type server struct{ raft *raft.Raft }

func (s server) Leads() bool { return s.raft.State() == raft.Leader }
func (s server) Propose(command []byte) error {
	return s.raft.Apply(command, 10*time.Second).Error()
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	id, peers, client, folder := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	members := raft.Configuration{}
	own := ""
	for _, peer := range strings.Split(peers, ",") {
		name, address, _ := strings.Cut(peer, "=")
		members.Servers = append(members.Servers, raft.Server{ID: raft.ServerID(name), Address: raft.ServerAddress(address)})
		if name == id {
			own = address
		}
	}
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(id)
	config.LogOutput = io.Discard
	records := filepath.Join(folder, "log")
	if err := os.MkdirAll(records, 0o755); err != nil {
		log.Fatal(err)
	}
	store := must(wal.Open(records))
	snapshots := must(raft.NewFileSnapshotStore(folder, 1, io.Discard))
	transport := must(raft.NewTCPTransport(own, must(net.ResolveTCPAddr("tcp", own)), 3, 10*time.Second, io.Discard))
	if !must(raft.HasExistingState(store, store, snapshots)) {
		if err := raft.BootstrapCluster(config, store, store, snapshots, transport, members); err != nil {
			log.Fatal(err)
		}
	}
	node := must(raft.NewRaft(config, &counter{}, store, store, snapshots, transport))
	log.Fatal(client_protocol.Serve(client, server{node}))
}
