/** Why there is no camera or microphone, in words, with a way on. */

/** @typedef {import('./secure-page.js').SecurePage} SecurePage */
/** @typedef {{title: string, help: string, way?: SecurePage}} Problem `way` is where it is otherwise */

/** @type {Problem} */
export const INSECURE = {
  title: 'Your browser gives no camera or microphone to this page',
  help:
    'They need a secure connection. ' +
    'Open this server by https, or on the very machine it runs on as http://localhost. ' +
    'Whoever runs the server can turn https on. You can still join to watch and listen.',
};

/** The same where the server has a secure page. @param {SecurePage} way @returns {Problem} */
export const insecureBut = (way) => ({
  title: INSECURE.title,
  help:
    'They need a secure connection, which this server has too. Log in there once more. ' +
    'You can also stay here to watch and listen.',
  way,
});

/** @type {Record<'audio' | 'video', string>} */
const THING = { audio: 'microphone', video: 'camera' };

/**
 * @param {unknown} error what the browser threw
 * @param {'audio' | 'video'} kind
 * @returns {Problem}
 */
export function problemOf(error, kind) {
  const thing = THING[kind];
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        title: `The ${thing} is not allowed`,
        help:
          `Allow the ${thing} for this page in your browser, at the left of the address, then try again. ` +
          'You can also go on without it.',
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { title: `No ${thing} was found`, help: `Plug one in and try again, or go on without it.` };
    case 'NotReadableError':
    case 'AbortError':
      return {
        title: `The ${thing} is in use`,
        help: `Another program may hold it. Close that and try again, or go on without it.`,
      };
    case 'NotSupportedError':
      return INSECURE;
    default:
      return { title: `The ${thing} does not start`, help: `Try again, choose another one, or go on without it.` };
  }
}

/** @param {'audio' | 'video'} kind @returns {Problem} */
export const gone = (kind) => ({
  title: `The ${THING[kind]} is gone`,
  help: 'It was unplugged or taken away. Choose another one, or plug it in again.',
});
