/** What one needs to read and write in a room. */

export { Chat } from './state/chat.js';
export { Shell } from './views/shell.js';
