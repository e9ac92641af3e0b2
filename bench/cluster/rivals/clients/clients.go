// Package clients speaks the protocol of server.ts: a request is its length in four bytes and so many bytes, a length of 0
// asks whether this server leads; an answer is one byte, 1 for committed and applied, or yes, 0 for failed, or no.
package clients

import (
	"bufio"
	"encoding/binary"
	"io"
	"log"
	"net"
)

type Backend interface {
	Propose(b []byte) error
	IsLeader() bool
}

func Serve(addr string, b Backend) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer c.Close()
			r := bufio.NewReader(c)
			var h [4]byte
			for {
				if _, err := io.ReadFull(r, h[:]); err != nil {
					return
				}
				n := binary.BigEndian.Uint32(h[:])
				out := byte(0)
				if n == 0 {
					if b.IsLeader() {
						out = 1
					}
				} else {
					p := make([]byte, n)
					if _, err := io.ReadFull(r, p); err != nil {
						return
					}
					if b.Propose(p) == nil {
						out = 1
					}
				}
				if _, err := c.Write([]byte{out}); err != nil {
					return
				}
			}
		}()
	}
}
