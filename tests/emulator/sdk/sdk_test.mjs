// Google's own SDK against gemini-emulator. Usage: node sdk_test.mjs EMULATOR MODULES
// Exit code 77: skipped, since the SDK is not installed.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [emulatorPath, modules] = process.argv.slice(2);
let sdk;
try {
  const require = createRequire(path.join(path.resolve(modules), 'x.js'));
  sdk = await import(pathToFileURL(require.resolve('@google/genai')).href);
} catch (error) {
  console.log(`skipped: @google/genai is not installed in ${modules} (${error.code}); ./dev test installs it where npm is`);
  process.exit(77);
}

const scenario = JSON.stringify({
  keys: [{key: 'free', project: 'p', tier: 'free'}],
});
const directory = mkdtempSync(path.join(tmpdir(), 'gemini-sdk-'));
const scenarioFile = path.join(directory, 'scenario.json');
writeFileSync(scenarioFile, scenario);
const emulator = spawn(emulatorPath, ['--port', '0', '--scenario', scenarioFile],
                       {stdio: ['ignore', 'pipe', 'inherit']});
const url = await new Promise((resolve, reject) => {
  let text = '';
  emulator.stdout.on('data', (data) => {
    text += data;
    const found = /http:\/\/\S+/.exec(text);
    if (found) resolve(found[0]);
  });
  emulator.on('exit', (code) => reject(new Error(`the emulator ended with ${code}`)));
});

const client = (apiKey, apiVersion) => new sdk.GoogleGenAI(
    {apiKey, vertexai: false, httpOptions: {baseUrl: url, apiVersion}});
const model = 'gemini-nano-banana-2.1';
const pictureOf = (response) => response.candidates[0].content.parts
    .filter((part) => part.inlineData && !part.thought)
    .map((part) => Buffer.from(part.inlineData.data, 'base64'))[0];

try {
  for (const version of ['v1', 'v1beta']) {
    const ai = client('paid', version);
    const response = await ai.models.generateContent({
      model,
      contents: 'a red fox',
      config: {responseModalities: ['IMAGE'], imageConfig: {aspectRatio: '16:9'}},
    });
    const png = pictureOf(response);
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.equal(png.readUInt32BE(16), 1376);

    let streamed;
    for await (const chunk of await ai.models.generateContentStream(
        {model, contents: 'a red fox', config: {responseModalities: ['IMAGE'], imageConfig: {aspectRatio: '16:9'}}})) {
      if (chunk.candidates?.[0]?.content?.parts) streamed = pictureOf(chunk) ?? streamed;
    }
    assert.deepEqual(streamed, png);

    assert.equal((await ai.models.get({model})).name, `models/${model}`);
    const names = [];
    for await (const each of await ai.models.list({config: {pageSize: 2}})) names.push(each.name);
    assert.ok(names.includes(`models/${model}`));
    assert.ok((await ai.models.countTokens({model, contents: 'a red fox'})).totalTokens > 0);
  }

  await assert.rejects(client('free', 'v1beta').models.generateContent({model, contents: 'x'}), (error) => {
    assert.equal(error.status, 429);
    assert.match(error.message, /limit: 0/);
    return true;
  });
  await assert.rejects(client('invalid-key', 'v1beta').models.generateContent({model, contents: 'x'}), (error) => {
    assert.match(error.message, /API_KEY_INVALID/);
    return true;
  });
  await assert.rejects(client('paid', 'v1beta').models.generateContent(
      {model, contents: 'x', config: {httpOptions: {extraBody: {colour: 'red'}}}}), (error) => {
    assert.equal(error.status, 400);
    assert.match(error.message, /colour/);
    return true;
  });
  console.log('the SDK is content');
} finally {
  emulator.removeAllListeners('exit');
  emulator.kill('SIGTERM');
  rmSync(directory, {recursive: true});
}
