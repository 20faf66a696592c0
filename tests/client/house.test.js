/** The shape of the client: who may know whom, what is vendored, what is preloaded. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../static/', import.meta.url);
const modules = (directory) =>
  readdirSync(new URL(directory, root))
    .filter((name) => name.endsWith('.js'))
    .map((name) => ({ name: directory + name, text: readFileSync(new URL(directory + name, root), 'utf8') }));
const imports = (text) => [...text.matchAll(/^import .*?from '(.+?)';/gms)].map((match) => match[1]);

test('protocol, state, call and app never touch the page', () => {
  for (const { name, text } of ['protocol/', 'state/', 'call/', 'app/'].flatMap(modules)) {
    assert.doesNotMatch(
      text.replace(/\/\*[^]*?\*\/|\/\/.*/g, ''),
      /\b(document|window|location)\b\.|\bHTML\w+Element\b/,
      name,
    );
    for (const path of imports(text)) assert.doesNotMatch(path, /views|preact/, name);
  }
});

test('views never fetch, and write text as text', () => {
  for (const { name, text } of modules('views/')) {
    assert.doesNotMatch(text, /\bfetch\(|XMLHttpRequest|\beval\(/, name);
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write/, name);
    for (const path of imports(text)) assert.doesNotMatch(path, /protocol\/(rest|connection)/, name);
  }
});

test('imports point down: protocol knows nobody, state knows protocol, call knows both, and app all of them', () => {
  const allowed = {
    'protocol/': /^\.\/|^\.\.\/protocol/,
    'state/': /^\.\/|^\.\.\/protocol/,
    'call/': /^\.\/|^\.\.\/(protocol|state)/,
    'app/': /^\.\/|^\.\.\/(protocol|state|call)/,
  };
  for (const [directory, may] of Object.entries(allowed)) {
    for (const { name, text } of modules(directory)) for (const path of imports(text)) assert.match(path, may, name);
  }
});

test('every module opens with its one job', () => {
  for (const { name, text } of ['', 'app/', 'protocol/', 'state/', 'call/', 'views/'].flatMap(modules)) {
    assert.match(text, /^\/\*\*(\n \*)? .+/, name);
  }
});

test('the page has no inline script and no inline style, and loads nothing from elsewhere', () => {
  const page = readFileSync(new URL('index.html', root), 'utf8');
  // A picture that stands in the page is from nowhere; its kind is named by an address.
  const [script, ...others] = page.match(/<script>[^]*?<\/script>/g);
  assert.deepEqual(others, []);
  assert.match(
    script,
    /^<script>\s+if \(.*\) \{\s+location\.replace\(.*\);\s+\}\s+<\/script>$/,
    'it adds a slash to the address, and nothing else',
  );
  const loads = page.replace(script, '').replace(/href="data:[^"]*"/g, '');
  assert.doesNotMatch(loads, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
});

test('every module stands in one of the three lists of the page, so that none waits for another to name it', () => {
  const page = readFileSync(new URL('index.html', root), 'utf8');
  const listed = (text) => [...text.matchAll(/rel="modulepreload" href="\.\/(.+?)"( fetchpriority="low")? \/>/g)];
  const [atOnce, later] = page.split('<template id="later">');
  const preloaded = (low) =>
    listed(atOnce)
      .filter((match) => Boolean(match[2]) === low)
      .map((match) => match[1])
      .sort();
  const all = ['', 'app/', 'protocol/', 'state/', 'call/', 'views/', 'vendor/'].flatMap(modules);
  const texts = new Map(all.map(({ name, text }) => [name, text]));
  const reachedFrom = (...names) => {
    const reached = new Set(names);
    for (const name of reached) {
      const known = name.startsWith('vendor/') ? [] : imports(texts.get(name));
      for (const path of known) reached.add(new URL(path, `http://client/${name}`).pathname.slice(1));
    }
    return reached;
  };
  const first = reachedFrom('main.js');
  const room = [...reachedFrom('state/chat.js', 'views/shell.js')].filter((name) => !first.has(name));
  const isModule = (name) => name !== 'service-worker.js' && !name.endsWith('/types.js');
  const rest = all.map(({ name }) => name).filter((name) => isModule(name) && !first.has(name) && !room.includes(name));
  assert.deepEqual(preloaded(false), [...first].filter((name) => name !== 'main.js').sort());
  assert.deepEqual(preloaded(true), room.sort());
  assert.deepEqual(listed(later).map((match) => match[1]).sort(), rest.sort());
});

test('what is vendored is what the packages hold, with its version and licence', () => {
  const text = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const same = {
    '../../static/vendor/socket.io.js': '../node_modules/socket.io-client/dist/socket.io.esm.min.js',
    '../../static/vendor/preact.js': '../node_modules/htm/preact/standalone.module.js',
    '../../vendor/socket.io-client/LICENSE': '../node_modules/socket.io-client/LICENSE',
  };
  const served = '../../vendor/socket.io-client/';
  for (const name of readdirSync(new URL(served, import.meta.url)).filter((one) => one.startsWith('socket.io'))) {
    same[served + name] = `../node_modules/socket.io-client/dist/${name}`;
  }
  for (const [ours, theirs] of Object.entries(same)) assert.equal(text(ours), text(theirs), ours);
  const licences = text('../../static/vendor/LICENSES.txt');
  for (const name of ['socket.io-client', 'htm']) {
    const { version } = JSON.parse(text(`../node_modules/${name}/package.json`));
    assert.ok(licences.includes(`${name} ${version}`), name);
  }
});
