// What somebody's own script does under `bursar run`, in JavaScript: a stream of each client that its
// environment alone tells where to call. The AWS SDK speaks HTTP/2 with prior knowledge.
//
// Usage: run_errand.cjs. Exits 0 when each stream came whole.
"use strict";

const assert = require("node:assert/strict");
const bedrock = require("@aws-sdk/client-bedrock-runtime");
const Anthropic = require("@anthropic-ai/sdk");
const OpenAI = require("openai");

const NOVA = "amazon.nova-lite-v1:0";
const HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const messages = [{ role: "user", content: "hello" }];

async function main() {
  const client = new bedrock.BedrockRuntimeClient({ region: "us-east-1" });
  const asked = { modelId: NOVA, messages: [{ role: "user", content: [{ text: "hello" }] }] };
  const reply = await client.send(new bedrock.ConverseStreamCommand(asked));
  const events = [];
  for await (const event of reply.stream) events.push(Object.keys(event)[0]);
  assert.equal(events.at(-1), "metadata");

  const chat = await new OpenAI().chat.completions.create({ model: NOVA, messages, stream: true });
  const reasons = [];
  for await (const chunk of chat) reasons.push(chunk.choices[0]?.finish_reason);
  assert.ok(reasons.includes("stop"), reasons.join());

  const stream = new Anthropic().messages.stream({ model: HAIKU, max_tokens: 64, messages });
  const message = await stream.finalMessage();
  assert.ok(message.usage.output_tokens > 0);
}

main();
