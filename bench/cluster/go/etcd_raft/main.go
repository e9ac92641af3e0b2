// A server of etcd's raft library on etcd's write-ahead log: ID PEERS CLIENT FOLDER. The library leaves the rest to its user:
// here a connection to each peer, with a queue that is written as far as it goes at a time. A leader sends before it syncs, as
// etcd does.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"quorate.bench/cluster/client_protocol"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// keptEntries stay in memory for followers that lag; there are no snapshots here.
const keptEntries = 10_000

type server struct {
	id      uint64
	node    raft.Node
	leader  atomic.Uint64
	names   atomic.Uint64
	lock    sync.Mutex
	waiting map[uint64]chan struct{}
}

func (s *server) Leads() bool { return s.leader.Load() == s.id }

// Propose puts a name before the command, by which its origin knows it again.
func (s *server) Propose(command []byte) error {
	name := s.id<<56 | s.names.Add(1)
	data := append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(command)), name), command...)
	applied := make(chan struct{})
	s.lock.Lock()
	s.waiting[name] = applied
	s.lock.Unlock()
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.node.Propose(limit, data); err != nil {
		return err
	}
	select {
	case <-applied:
		return nil
	case <-limit.Done():
		return errors.New("too late")
	}
}

func (s *server) apply(entry *raftpb.Entry) {
	if entry.GetType() == raftpb.EntryType_EntryConfChange {
		change := &raftpb.ConfChange{}
		if err := proto.Unmarshal(entry.GetData(), change); err != nil {
			log.Fatal(err)
		}
		s.node.ApplyConfChange(change)
		return
	}
	if len(entry.GetData()) < 8 {
		return
	}
	name := binary.BigEndian.Uint64(entry.GetData())
	if name>>56 != s.id {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if applied, isOurs := s.waiting[name]; isOurs {
		delete(s.waiting, name)
		close(applied)
	}
}

// dial carries what is in the queue to a peer.
func dial(address string, queue <-chan *raftpb.Message) {
	for {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		writer := bufio.NewWriterSize(connection, 1<<16)
		for message := range queue {
			body, err := proto.Marshal(message)
			if err != nil {
				log.Fatal(err)
			}
			binary.Write(writer, binary.BigEndian, uint32(len(body)))
			writer.Write(body)
			if len(queue) > 0 {
				continue
			}
			if err := writer.Flush(); err != nil {
				break
			}
		}
		connection.Close()
	}
}

func (s *server) receive(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReaderSize(connection, 1<<16)
	var header [4]byte
	for {
		if _, err := io.ReadFull(reader, header[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header[:]))
		if _, err := io.ReadFull(reader, body); err != nil {
			return
		}
		message := &raftpb.Message{}
		if err := proto.Unmarshal(body, message); err != nil {
			log.Fatal(err)
		}
		s.node.Step(context.Background(), message)
	}
}

func (s *server) listen(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go s.receive(connection)
	}
}

func (s *server) run(records *wal.WAL, memory *raft.MemoryStorage, queues map[uint64]chan *raftpb.Message) {
	send := func(messages []*raftpb.Message) {
		for _, message := range messages {
			select {
			case queues[message.GetTo()] <- message:
			default:
			}
		}
	}
	ticks := time.NewTicker(50 * time.Millisecond)
	compacted := uint64(0)
	isLeading := false
	for {
		select {
		case <-ticks.C:
			s.node.Tick()
		case ready := <-s.node.Ready():
			if ready.SoftState != nil {
				s.leader.Store(ready.SoftState.Lead)
				isLeading = ready.SoftState.RaftState == raft.StateLeader
			}
			if isLeading {
				send(ready.Messages)
			}
			if err := records.Save(ready.HardState, ready.Entries); err != nil {
				log.Fatal(err)
			}
			if ready.HardState != nil {
				memory.SetHardState(ready.HardState)
			}
			memory.Append(ready.Entries)
			if !isLeading {
				send(ready.Messages)
			}
			for _, entry := range ready.CommittedEntries {
				s.apply(entry)
			}
			if count := len(ready.CommittedEntries); count > 0 {
				applied := ready.CommittedEntries[count-1].GetIndex()
				if applied > compacted+2*keptEntries {
					compacted = applied - keptEntries
					memory.Compact(compacted)
				}
			}
			s.node.Advance()
		}
	}
}

func main() {
	name, peers, client, folder := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	id, err := strconv.ParseUint(name, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	raft.SetLogger(&raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)})
	records, err := wal.Create(zap.NewNop(), filepath.Join(folder, "log"), nil)
	if err != nil {
		log.Fatal(err)
	}
	memory := raft.NewMemoryStorage()
	queues := map[uint64]chan *raftpb.Message{}
	members := []raft.Peer{}
	own := ""
	for _, peer := range strings.Split(peers, ",") {
		number, address, _ := strings.Cut(peer, "=")
		other, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		members = append(members, raft.Peer{ID: other})
		if other == id {
			own = address
			continue
		}
		queues[other] = make(chan *raftpb.Message, 4096)
		go dial(address, queues[other])
	}
	node := raft.StartNode(&raft.Config{
		ID: id, ElectionTick: 10, HeartbeatTick: 1, Storage: memory, PreVote: true, CheckQuorum: true,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 256, MaxUncommittedEntriesSize: 1 << 30,
	}, members)
	s := &server{id: id, node: node, waiting: map[uint64]chan struct{}{}}
	go s.listen(own)
	go s.run(records, memory, queues)
	log.Fatal(client_protocol.Serve(client, s))
}
