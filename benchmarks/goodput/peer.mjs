// Other clients for the goodput benchmark, with the command line and the last
// line of output of goodput_client. Usage:
//   node peer.mjs --modules DIR --policy genai|genai-5|bottleneck
//       --base-url URL --model M --jobs N --concurrency K --deadline-s D
//       --api-key KEY[,KEY2] --time-scale F --limit N
// Exit code 77: skipped, since the packages are not installed in DIR.

import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {parseArgs} from 'node:util';

const start = performance.now();
const names = [
  'modules', 'policy', 'base-url', 'model', 'jobs', 'concurrency', 'deadline-s', 'api-key', 'time-scale', 'limit',
];
const {values} = parseArgs({options: Object.fromEntries(names.map((name) => [name, {type: 'string'}]))});
const scale = Number(values['time-scale']);
const jobs = Number(values.jobs);
const deadline = start + 1000 * Number(values['deadline-s']);
const keys = (values['api-key'] ?? '').split(',');
const model = values.model;
const process_ = process.env.GOODPUT_PROC ?? '0';

async function load(name) {
  try {
    const require = createRequire(path.join(path.resolve(values.modules), 'x.js'));
    return await import(pathToFileURL(require.resolve(name)).href);
  } catch (error) {
    console.log(`skipped: ${name} is not installed in ${values.modules} (${error.code})`);
    process.exit(77);
  }
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const left = () => Math.max(1, Math.round(deadline - performance.now()));
let attempts = 0;

// Each counts its requests and draws one picture or throws.
const policies = {
  // Google's SDK; its own delays are scaled as ours are.
  async genai(retryOptions) {
    const {GoogleGenAI} = await load('@google/genai');
    const counting = (...request) => {
      ++attempts;
      return fetch(...request);
    };
    const clients = keys.map((apiKey) => new GoogleGenAI({
      apiKey,
      vertexai: false,
      httpOptions: {baseUrl: values['base-url'], fetch: counting, retryOptions},
    }));
    return async (prompt, key) => {
      const response = await clients[key].models.generateContent({
        model,
        contents: prompt,
        config: {responseModalities: ['IMAGE'], abortSignal: AbortSignal.timeout(left())},
      });
      return response.candidates?.[0]?.content?.parts?.some((part) => part.inlineData);
    };
  },

  // A limiter that is told the true limit, and five attempts that heed the
  // server's delay.
  async bottleneck() {
    const {default: Bottleneck} = await load('bottleneck');
    const limit = Number(values.limit);
    const limiter = new Bottleneck(limit === 0 ? {} : {
      reservoir: limit,
      reservoirRefreshAmount: limit,
      reservoirRefreshInterval: 60000 * scale,
    });
    const once = async (prompt, key) => {
      ++attempts;
      const response = await fetch(`${values['base-url']}/v1beta/models/${model}:generateContent`, {
        method: 'POST',
        headers: {'content-type': 'application/json', 'x-goog-api-key': keys[key]},
        body: JSON.stringify({
          contents: [{parts: [{text: prompt}]}],
          generationConfig: {responseModalities: ['IMAGE']},
        }),
        signal: AbortSignal.timeout(left()),
      });
      return {status: response.status, text: await response.text()};
    };
    return async (prompt, key) => {
      for (let attempt = 1;; ++attempt) {
        const answer = await limiter.schedule(() => once(prompt, key)).catch((error) => ({error}));
        if (answer.status === 200) return answer.text.includes('inlineData');
        const lasting = answer.status < 500 && answer.status !== 429;
        if (attempt === 5 || lasting || left() <= 1) throw answer.error ?? new Error(answer.text);
        const told = /Please retry in ([0-9.]+)s/.exec(answer.text ?? '');
        await sleep(told ? 1000 * Number(told[1]) + 5 : 1000 * scale * 2 ** (attempt - 1) * (0.5 + Math.random()));
      }
    };
  },
};

const policy = values.policy;
if (policy === 'check') {
  await load('@google/genai');
  await load('bottleneck');
  process.exit(0);
}
const draw = policy === 'bottleneck' ? await policies.bottleneck() :
    await policies.genai(policy === 'genai-5' ? {attempts: 5, initialDelay: scale, maxDelay: 60 * scale} : undefined);

let begun = 0;
let ok = 0;
let diagnosis = '';
async function work() {
  while (begun < jobs) {
    const number = begun++;
    try {
      if (await draw(`a lighthouse, job-p${process_}-${number}`, number % keys.length)) ++ok;
    } catch (error) {
      diagnosis ||= String(error.message).replace(/\s+/g, ' ').slice(0, 60);
    }
  }
}
await Promise.all(Array.from({length: Math.min(jobs, Number(values.concurrency))}, work));
console.log(JSON.stringify({
  ok,
  degraded: 0,
  deferred: 0,
  failed: jobs - ok,
  attempts,
  wall_s: (performance.now() - start) / 1000,
  diagnosis,
}));
process.exit(0);
