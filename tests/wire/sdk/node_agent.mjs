// An agent in another language, without packages: answers POST {"input"} with what the LLM at OPENAI_BASE_URL says.
import http from "node:http";

const base = process.env.OPENAI_BASE_URL;

async function ask(input) {
  const response = await fetch(`${base}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "any", messages: [{ role: "user", content: input }] }),
  });
  if (!response.ok) throw new Error(`the LLM said ${response.status}`);
  return (await response.json()).choices[0].message.content;
}

const server = http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  let status = 200;
  let body;
  try {
    body = { output: await ask(JSON.parse(Buffer.concat(parts).toString()).input) };
  } catch (error) {
    status = 502;
    body = { error: `${error.message}: ${error.cause?.code ?? ""}` };
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
