// Package client_protocol answers the clients of the benchmark, as load/main.go describes them.
package client_protocol

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
)

// Server is what a replicated log must do for clients.
type Server interface {
	// Leads tells whether this server leads.
	Leads() bool
	// Propose returns nil when the command is committed and applied.
	Propose(command []byte) error
}

// Serve answers clients for ever.
func Serve(address string, server Server) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go answer(connection, server)
	}
}

func answer(connection net.Conn, server Server) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	var header [4]byte
	for {
		if _, err := io.ReadFull(reader, header[:]); err != nil {
			return
		}
		command := make([]byte, binary.BigEndian.Uint32(header[:]))
		if _, err := io.ReadFull(reader, command); err != nil {
			return
		}
		isGood := false
		if len(command) == 0 {
			isGood = server.Leads()
		} else {
			isGood = server.Propose(command) == nil
		}
		reply := []byte{0}
		if isGood {
			reply[0] = 1
		}
		if _, err := connection.Write(reply); err != nil {
			return
		}
	}
}
