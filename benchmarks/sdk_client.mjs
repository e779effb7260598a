// The official SDK with the arguments of load_client. Lies where the SDK is
// installed when it runs (build/sdk).
import {writeFileSync} from 'node:fs';
import {GoogleGenAI} from '@google/genai';

const options = {};
for (let i = 2; i + 1 < process.argv.length; i += 2) {
  options[process.argv[i]] = process.argv[i + 1];
}
const ai = new GoogleGenAI({
  apiKey: 'load-client',
  httpOptions: {baseUrl: options['--base-url']},
});
const out = options['--out'];
const count = Number(options['--count']);
let next = 0;

async function work() {
  for (let i = next++; i < count; i = next++) {
    const answer = await ai.models.generateContent({
      model: options['--model'],
      contents: `picture ${i}`,
      config: {responseModalities: ['IMAGE']},
    });
    const {data} = answer.candidates[0].content.parts[0].inlineData;
    writeFileSync(out === '/dev/null' ? out : `${out}/img-${i}.png`,
                  Buffer.from(data, 'base64'));
  }
}

const workers = Math.min(Number(options['--concurrency']), count);
await Promise.all(Array.from({length: workers}, work));
