"""The agent that benchmarks ask: answers at once, or after a delay. Usage: fast_agent.py PORT DELAY_MS."""

import asyncio
import sys


def main() -> None:
    """Serve on 127.0.0.1 until killed: bare HTTP/1.1, so that the client is what gets measured."""
    port, delay = int(sys.argv[1]), float(sys.argv[2]) / 1000
    body = b'{"output": "You get your refund in five days."}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)

    class Answer(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            self.buffer = b""

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
                length = 0
                for line in self.buffer[:end].lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line[15:])
                if len(self.buffer) < end + 4 + length:
                    return
                self.buffer = self.buffer[end + 4 + length :]
                if delay:
                    asyncio.get_running_loop().call_later(delay, self.transport.write, head + body)
                else:
                    self.transport.write(head + body)

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", port, backlog=2048)
        print("ready", flush=True)
        await server.serve_forever()

    try:
        import uvloop

        uvloop.run(serve())
    except ImportError:
        asyncio.run(serve())


if __name__ == "__main__":
    main()
