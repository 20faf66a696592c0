/** How much picture each sends, by how many are in the call: everybody sends to everybody. */

/** @typedef {{fps: number, bitrate: number}} Share `bitrate` in bits a second, at most */
/** @typedef {Share & {lines: number}} CameraShare `lines`: of the shorter side of the picture, at most */
/**
 * The camera's share, the screen's, how large a picture is taken from the camera, and with how much to begin.
 * @typedef {CameraShare & {screen: Share, taken: {lines: number, fps: number}, start: number}} Budget
 */

/** So many are connected at once without trouble, on any machine. */
const FEW = 4;
/** @type {CameraShare} */
const TINY = { lines: 120, fps: 5, bitrate: 60_000 };
/** What a camera gives where not much is asked of the machine. */
export const WHOLE = { lines: 720, fps: 30 };
const LESS = { lines: 360, fps: 20 };

/** @type {(Budget & {upTo: number})[]} a screen stays whole, so that it can be read, and is sent less often instead */
const BUDGETS = [
  {
    upTo: 2,
    lines: 720,
    fps: 30,
    bitrate: 1_700_000,
    screen: { fps: 30, bitrate: 2_500_000 },
    taken: WHOLE,
    start: 300_000,
  },
  {
    upTo: 4,
    lines: 720,
    fps: 30,
    bitrate: 900_000,
    screen: { fps: 15, bitrate: 1_200_000 },
    taken: WHOLE,
    start: 300_000,
  },
  {
    upTo: 6,
    lines: 360,
    fps: 20,
    bitrate: 400_000,
    screen: { fps: 10, bitrate: 700_000 },
    taken: LESS,
    start: 300_000,
  },
  { upTo: 9, lines: 240, fps: 15, bitrate: 220_000, screen: { fps: 8, bitrate: 400_000 }, taken: LESS, start: 200_000 },
];
/** @type {Budget} */
const MANY = {
  lines: 180,
  fps: 12,
  bitrate: 130_000,
  screen: { fps: 5, bitrate: 250_000 },
  taken: LESS,
  start: 130_000,
};

/**
 * The beginning is what a poor line carries: more would fill its queue, and freeze the picture. That a line is a good
 * one shows within a few seconds anyway.
 * @param {number} people in the call, oneself included
 * @param {boolean} [light] the machine is not up to more just now: a tiny picture tells enough
 * @returns {Budget}
 */
export function budgetFor(people, light = false) {
  const budget = BUDGETS.find(({ upTo }) => people <= upTo) ?? MANY;
  return light && people > FEW ? { ...budget, ...TINY } : budget;
}
