// One server of hashicorp/raft with its write-ahead log, every commit synced.
package main

import (
	"flag"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"rivals/clients"

	"github.com/hashicorp/raft"
	raftwal "github.com/hashicorp/raft-wal"
)

type fsm struct{ n uint64 }

func (f *fsm) Apply(l *raft.Log) any { f.n++; return f.n }
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	return snap{}, nil
}
func (f *fsm) Restore(r io.ReadCloser) error { return r.Close() }

type snap struct{}

func (snap) Persist(s raft.SnapshotSink) error { return s.Close() }
func (snap) Release()                          {}

type be struct{ r *raft.Raft }

func (b be) Propose(p []byte) error { return b.r.Apply(p, 10*time.Second).Error() }
func (b be) IsLeader() bool         { return b.r.State() == raft.Leader }

func main() {
	id := flag.String("id", "1", "")
	dir := flag.String("dir", "", "")
	peers := flag.String("peers", "", "id=raftaddr,...")
	client := flag.String("client", "", "client listen address")
	flag.Parse()
	os.MkdirAll(*dir, 0o755)
	cfg := raft.DefaultConfig()
	cfg.LocalID = raft.ServerID(*id)
	cfg.LogOutput = io.Discard
	var conf raft.Configuration
	var self string
	for _, p := range strings.Split(*peers, ",") {
		kv := strings.SplitN(p, "=", 2)
		conf.Servers = append(conf.Servers, raft.Server{ID: raft.ServerID(kv[0]), Address: raft.ServerAddress(kv[1])})
		if kv[0] == *id {
			self = kv[1]
		}
	}
	adv, _ := net.ResolveTCPAddr("tcp", self)
	tr, err := raft.NewTCPTransportWithConfig(self, adv, &raft.NetworkTransportConfig{MaxPool: 3, Timeout: 10 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	store, err := raftwal.Open(*dir)
	if err != nil {
		log.Fatal(err)
	}
	snaps, err := raft.NewFileSnapshotStore(*dir, 1, io.Discard)
	if err != nil {
		log.Fatal(err)
	}
	has, _ := raft.HasExistingState(store, store, snaps)
	if !has {
		if err := raft.BootstrapCluster(cfg, store, store, snaps, tr, conf); err != nil {
			log.Fatal(err)
		}
	}
	r, err := raft.NewRaft(cfg, &fsm{}, store, store, snaps, tr)
	if err != nil {
		log.Fatal(err)
	}
	clients.Serve(*client, be{r})
}
