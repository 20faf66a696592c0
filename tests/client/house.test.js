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

test('the page has one inline script and no inline style, and loads nothing from elsewhere', () => {
  const page = readFileSync(new URL('index.html', root), 'utf8');
  // A picture that stands in the page is from nowhere; its kind is named by an address.
  const [script, ...others] = page.match(/<script>[^]*?<\/script>/g);
  assert.deepEqual(others, []);
  assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/);
  const loads = page.replace(script, '').replace(/href="data:[^"]*"/g, '');
  assert.doesNotMatch(loads, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
});

test('every module is in a part of the client, and no part takes anything of a later one', () => {
  const all = ['', 'app/', 'protocol/', 'state/', 'call/', 'views/', 'vendor/'].flatMap(modules);
  const texts = new Map(all.map(({ name, text }) => [name, text]));
  const named = (text) => [...text.matchAll(/^(?:import|export) [^;]*?from '(.+?)';/gm)].map((match) => match[1]);
  const reachedFrom = (name) => {
    const reached = new Set([name]);
    for (const one of reached) {
      const known = one.startsWith('vendor/') ? [] : named(texts.get(one));
      for (const path of known) reached.add(new URL(path, `http://client/${one}`).pathname.slice(1));
    }
    return reached;
  };
  const parts = ['main.js', 'room.js', 'later.js'];
  const reached = parts.map(reachedFrom);
  const isModule = (name) => name !== 'service-worker.js' && !name.endsWith('/types.js');
  const lost = [...texts.keys()].filter((name) => isModule(name) && !reached.some((part) => part.has(name)));
  assert.deepEqual(lost, []);
  parts.forEach((part, at) => reached.slice(0, at).forEach((earlier) => assert.ok(!earlier.has(part), part)));
  const asked = all.flatMap(({ text }) => [...text.matchAll(/(?<!typeof |\{)\bimport\('(.+?)'\)(?!\.)/g)]);
  assert.deepEqual(asked.map((match) => match[1]).sort(), ['./later.js', './room.js']);
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
