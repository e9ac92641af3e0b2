// One server of etcd-io/raft with etcd's write-ahead log, every commit synced, and protobuf in frames over TCP. A leader
// sends before its own log is synced, as the etcd server does.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
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

	"rivals/clients"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

type be struct {
	n    raft.Node
	self uint64
	seq  atomic.Uint64
	lead atomic.Uint64
	mu   sync.Mutex
	wait map[uint64]chan struct{}
}

func (b *be) IsLeader() bool { return b.lead.Load() == b.self }
func (b *be) Propose(p []byte) error {
	id := b.self<<56 | b.seq.Add(1)
	d := make([]byte, 8+len(p))
	binary.BigEndian.PutUint64(d, id)
	copy(d[8:], p)
	ch := make(chan struct{})
	b.mu.Lock()
	b.wait[id] = ch
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.n.Propose(ctx, d); err != nil {
		return err
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func sender(addr string, ch chan *pb.Message) {
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		w := bufio.NewWriterSize(c, 1<<16)
		for m := range ch {
			b, err := proto.Marshal(m)
			if err != nil {
				log.Fatal(err)
			}
			var h [4]byte
			binary.BigEndian.PutUint32(h[:], uint32(len(b)))
			w.Write(h[:])
			w.Write(b)
			if len(ch) == 0 {
				if err := w.Flush(); err != nil {
					break
				}
			}
		}
		c.Close()
	}
}

func main() {
	id := flag.Uint64("id", 1, "")
	dir := flag.String("dir", "", "")
	peers := flag.String("peers", "", "id=raftaddr,...")
	client := flag.String("client", "", "")
	flag.Parse()
	os.MkdirAll(*dir, 0o755)
	raft.SetLogger(&raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)})
	addrs := map[uint64]string{}
	var ps []raft.Peer
	for _, p := range strings.Split(*peers, ",") {
		kv := strings.SplitN(p, "=", 2)
		n, _ := strconv.ParseUint(kv[0], 10, 64)
		addrs[n] = kv[1]
		ps = append(ps, raft.Peer{ID: n})
	}
	w, err := wal.Create(zap.NewNop(), filepath.Join(*dir, "wal"), []byte("m"))
	if err != nil {
		log.Fatal(err)
	}
	st := raft.NewMemoryStorage()
	n := raft.StartNode(&raft.Config{ID: *id, ElectionTick: 10, HeartbeatTick: 1, Storage: st,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 256, MaxUncommittedEntriesSize: 1 << 30, PreVote: true, CheckQuorum: true}, ps)
	b := &be{n: n, self: *id, wait: map[uint64]chan struct{}{}}

	out := map[uint64]chan *pb.Message{}
	for k, a := range addrs {
		if k != *id {
			out[k] = make(chan *pb.Message, 4096)
			go sender(a, out[k])
		}
	}
	l, err := net.Listen("tcp", addrs[*id])
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				r := bufio.NewReaderSize(c, 1<<16)
				var h [4]byte
				for {
					if _, err := io.ReadFull(r, h[:]); err != nil {
						return
					}
					d := make([]byte, binary.BigEndian.Uint32(h[:]))
					if _, err := io.ReadFull(r, d); err != nil {
						return
					}
					m := &pb.Message{}
					if err := proto.Unmarshal(d, m); err != nil {
						log.Fatal(err)
					}
					n.Step(context.Background(), m)
				}
			}()
		}
	}()
	go clients.Serve(*client, b)

	send := func(ms []*pb.Message) {
		for _, m := range ms {
			if ch := out[m.GetTo()]; ch != nil {
				select {
				case ch <- m:
				default:
				}
			}
		}
	}
	t := time.NewTicker(100 * time.Millisecond)
	isLead := false
	var applied, lastCompact uint64
	for {
		select {
		case <-t.C:
			n.Tick()
		case rd := <-n.Ready():
			if rd.SoftState != nil {
				b.lead.Store(rd.SoftState.Lead)
				isLead = rd.SoftState.RaftState == raft.StateLeader
			}
			if isLead {
				send(rd.Messages)
			}
			if err := w.Save(rd.HardState, rd.Entries); err != nil {
				log.Fatal(err)
			}
			if rd.HardState != nil {
				st.SetHardState(rd.HardState)
			}
			st.Append(rd.Entries)
			if !isLead {
				send(rd.Messages)
			}
			for _, e := range rd.CommittedEntries {
				applied = e.GetIndex()
				switch e.GetType() {
				case pb.EntryType_EntryConfChange:
					cc := &pb.ConfChange{}
					proto.Unmarshal(e.GetData(), cc)
					n.ApplyConfChange(cc)
				default:
					if d := e.GetData(); len(d) >= 8 {
						k := binary.BigEndian.Uint64(d)
						if k>>56 == *id {
							b.mu.Lock()
							if ch := b.wait[k]; ch != nil {
								close(ch)
								delete(b.wait, k)
							}
							b.mu.Unlock()
						}
					}
				}
			}
			if applied > lastCompact+20000 {
				// keep 10k entries for slow followers; no snapshots in this bench
				st.Compact(applied - 10000)
				lastCompact = applied
			}
			n.Advance()
		}
	}
}
