// OpenAI's and Anthropic's own clients for JavaScript at the gateway, unchanged but for their URL and
// their key.
//
// Usage: dialects_gateway.cjs ENDPOINT KEY SPENT_KEY. Says each check that held, and for every answer
// a line `call: {"id", "input", "output"}` of what the client was told it used. Exits 0 when every
// check held.
"use strict";

const assert = require("node:assert/strict");
const Anthropic = require("@anthropic-ai/sdk");
const OpenAI = require("openai");

const [endpoint, key, spentKey] = process.argv.slice(2);
const NOVA = "amazon.nova-lite-v1:0";
const TITAN = "amazon.titan-embed-text-v2:0";
const HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const MESSAGES = [{ role: "user", content: "hello" }];
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

const connect = (apiKey = key, more = {}) =>
  new OpenAI({ baseURL: `${endpoint}/v1`, apiKey, ...more });
const connectAnthropic = (apiKey = key, more = {}) =>
  new Anthropic({ baseURL: endpoint, apiKey, ...more });

const openai = connect();
const anthropic = connectAnthropic();

const chat = (words, more = {}) => ({
  model: NOVA,
  messages: MESSAGES,
  metadata: { "bursar-sim": words },
  ...more,
});
const message = (more = {}) => ({ model: HAIKU, max_tokens: 640, messages: MESSAGES, ...more });
const steered = (words) => ({
  headers: { "X-Amzn-Bedrock-Request-Metadata": JSON.stringify({ "bursar-sim": words }) },
});

function told(id, input, output) {
  console.log(`call: ${JSON.stringify({ id: id.replace("chatcmpl-", ""), input, output })}`);
}

async function fails(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("no error came");
}

// How often a client asked.
function counted(client) {
  const asked = [];
  const fetch = client.fetch;
  client.fetch = (...words) => {
    asked.push(words[0]);
    return fetch(...words);
  };
  return asked;
}

const checks = {
  async chat() {
    const reply = await openai.chat.completions.create(chat("input=374 output=44"));
    told(reply.id, reply.usage.prompt_tokens, reply.usage.completion_tokens);
    assert.equal(reply.usage.total_tokens, 418);
    assert.equal(reply.choices[0].message.content.split(" ").length, 44);
  },

  async chat_streamed() {
    const asked = chat("input=374 output=70 pieces=7", {
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let last;
    for await (const chunk of await openai.chat.completions.create(asked)) {
      text += chunk.choices[0]?.delta.content ?? "";
      last = chunk;
    }
    told(last.id, last.usage.prompt_tokens, last.usage.completion_tokens);
    assert.equal(text.split(" ").length, 70);
  },

  async chat_with_tools() {
    const tool = { type: "function", function: { name: "weather", parameters: SCHEMA } };
    const asked = chat("output=9", { tools: [tool], tool_choice: "required" });
    const reply = await openai.chat.completions.stream(asked).finalChatCompletion();
    const call = reply.choices[0].message.tool_calls[0];
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "sun" });
  },

  async embeddings() {
    const reply = await openai.embeddings.create({ model: TITAN, input: ["a", "b"] });
    assert.equal(reply.data.length, 2);
    assert.equal(reply.data[1].embedding.length, 1024);
  },

  async models() {
    const ids = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    assert(ids.includes(NOVA));
    const page = await anthropic.models.list();
    assert(page.data.every((model) => model.id.includes("anthropic.")));
  },

  async messages() {
    const words = "input=374 output=44 cache-read=7";
    const { data, response } = await anthropic.messages
      .create(message(), steered(words))
      .withResponse();
    const { input_tokens, cache_read_input_tokens, output_tokens } = data.usage;
    const id = response.headers.get("x-bursar-call-id");
    told(id, input_tokens + cache_read_input_tokens, output_tokens);
    assert.deepEqual([input_tokens, cache_read_input_tokens, output_tokens], [374, 7, 44]);
  },

  async messages_streamed() {
    const stream = anthropic.messages.stream(message(), steered("output=70 pieces=7"));
    const kinds = [];
    stream.on("streamEvent", (event) => kinds.push(event.type));
    const final = await stream.finalMessage();
    assert.equal(final.content[0].text.split(" ").length, 70);
    assert.equal(kinds.at(-1), "message_stop");
  },

  async tokens_counted() {
    const messages = [{ role: "user", content: "four and four" }];
    const count = await anthropic.messages.countTokens({ model: HAIKU, messages });
    assert.equal(count.input_tokens, 4);
  },

  async errors() {
    const once = connect(key, { maxRetries: 0 });
    let error = await fails(once.chat.completions.create(chat("fault=throttle")));
    assert(error instanceof OpenAI.RateLimitError, error);
    assert.equal(error.code, "rate_limit_exceeded");
    const broken = chat("output=70 pieces=7 fault=stream-internal after=3", { stream: true });
    const read = async () => {
      for await (const _ of await once.chat.completions.create(broken));
    };
    error = await fails(read());
    assert(error instanceof OpenAI.APIError, error);
    error = await fails(connect("bsr_nobody").models.list());
    assert(error instanceof OpenAI.AuthenticationError, error);
    error = await fails(openai.chat.completions.create(chat("", { n: 2 })));
    assert.equal(error.param, "n");
    const one = connectAnthropic(key, { maxRetries: 0 });
    error = await fails(one.messages.create(message(), steered("fault=validation")));
    assert(error instanceof Anthropic.BadRequestError, error);
    error = await fails(connectAnthropic("bsr_nobody").messages.create(message()));
    assert(error instanceof Anthropic.AuthenticationError, error);
  },

  async over_budget() {
    const spent = connect(spentKey);
    let asked = counted(spent);
    let error = await fails(spent.chat.completions.create(chat("")));
    assert.equal(error.code, "insufficient_quota");
    assert.equal(asked.length, 1);
    const other = connectAnthropic(spentKey);
    asked = counted(other);
    error = await fails(other.messages.create(message()));
    assert.equal(error.status, 402);
    assert.equal(asked.length, 1);
  },
};

(async () => {
  for (const [name, check] of Object.entries(checks)) {
    await check();
    console.log(`${name}: held`);
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
