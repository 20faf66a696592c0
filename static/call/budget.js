/** How much picture each sends, by how many are in the call: everybody sends to everybody. */

/**
 * @typedef {object} Share
 * @property {number} scale the picture's sides are divided by it
 * @property {number} fps
 * @property {number} bitrate in bits a second, at most
 */
/** @typedef {Share & {screen: Share, start: number}} Budget the camera's share, the screen's, and with how much to begin */

/**
 * A screen stays whole, so that it can be read, and is sent less often instead. The beginning is what a poor line carries: more would fill its
 * queue, and freeze the picture. That a line is a good one shows within a few seconds anyway.
 * @param {number} people in the call, oneself included
 * @returns {Budget}
 */
export function budgetFor(people) {
  if (people <= 2) return { scale: 1, fps: 30, bitrate: 1_700_000, screen: { scale: 1, fps: 30, bitrate: 2_500_000 }, start: 300_000 };
  if (people <= 4) return { scale: 1, fps: 30, bitrate: 900_000, screen: { scale: 1, fps: 15, bitrate: 1_200_000 }, start: 300_000 };
  if (people <= 6) return { scale: 2, fps: 20, bitrate: 400_000, screen: { scale: 1, fps: 10, bitrate: 700_000 }, start: 300_000 };
  if (people <= 9) return { scale: 3, fps: 15, bitrate: 220_000, screen: { scale: 1, fps: 8, bitrate: 400_000 }, start: 200_000 };
  return { scale: 4, fps: 12, bitrate: 130_000, screen: { scale: 1, fps: 5, bitrate: 250_000 }, start: 130_000 };
}
