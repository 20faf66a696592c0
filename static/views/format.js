/** Times, names and numbers as people read them. */

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const moment = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** @param {number | string} time */
const dayOf = (time) => new Date(time).toDateString();

/** @param {number | string} time */
export const timeOfDay = (time) => clock.format(new Date(time));

/** A day of this year with its time. @param {number | string} time */
export const dayAndTime = (time) => moment.format(new Date(time));

/** @param {number | string} time */
export const wholeTime = (time) => full.format(new Date(time));

/** Days between then and now, by the calendar. @param {number | string} time @param {number} now */
function daysAgo(time, now) {
  const start = (/** @type {number | string} */ of) => new Date(of).setHours(0, 0, 0, 0);
  return Math.round((start(now) - start(time)) / 86_400_000);
}

/** For lists: as short as it can be. @param {string} time @param {number} now */
export function shortTime(time, now) {
  const days = daysAgo(time, now);
  if (days <= 0) return timeOfDay(time);
  if (days === 1) return 'Yesterday';
  if (days < 7) return weekday.format(new Date(time));
  return shortDay.format(new Date(time));
}

/** Within a sentence: at 14:02, yesterday at 14:02, on 3 Mar at 14:02. @param {number} time @param {number} now */
export function momentInWords(time, now) {
  const days = daysAgo(time, now);
  const day = days <= 0 ? '' : days === 1 ? 'yesterday ' : `on ${shortDay.format(new Date(time))} `;
  return `${day}at ${timeOfDay(time)}`;
}

/** Within a sentence that stays for days: on 3 March at 14:02. @param {string} time @param {number} now */
export function dateInWords(time, now) {
  const then = new Date(time);
  const sameYear = then.getFullYear() === new Date(now).getFullYear();
  const year = sameYear ? undefined : 'numeric';
  return `on ${then.toLocaleDateString(undefined, { day: 'numeric', month: 'long', year })} at ${timeOfDay(time)}`;
}

/** For the line between days. @param {string} time @param {number} now */
export function dayName(time, now) {
  const days = daysAgo(time, now);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return longDay.format(new Date(time));
}

/** @param {string} a @param {string} b */
export const sameDay = (a, b) => dayOf(a) === dayOf(b);

/** 0:07, 12:30, 1:02:03. @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const part = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${part(m)}:${part(s)}` : `${m}:${part(s)}`;
}

/** How long something has lasted: 5 minutes, 3 hours, 12 days. @param {number} seconds */
export function span(seconds) {
  if (seconds < 60) return 'less than a minute';
  if (seconds < 3_600) return plural(Math.floor(seconds / 60), 'minute');
  if (seconds < 172_800) return plural(Math.floor(seconds / 3_600), 'hour');
  return plural(Math.floor(seconds / 86_400), 'day');
}

const letters = new Intl.Segmenter();
/** Marks on letters, and characters that turn or join text: alone in an avatar they would leave it. */
const NOT_ALONE = /[\p{M}\p{C}]/gu;

/** One or two letters for a name. @param {string} name */
export function initials(name) {
  const parts = name.normalize('NFC').replace(NOT_ALONE, '').split(/[\s._-]+/).filter(Boolean);
  const first = (/** @type {string} */ part) => [...letters.segment(part)][0]?.segment ?? '';
  return parts.slice(0, 2).map(first).join('').toUpperCase() || '?';
}

/** Ada; Ada and Bo; Ada, Bo and 3 others. @param {string[]} names */
export function nameList(names) {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
