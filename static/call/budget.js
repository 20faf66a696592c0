/** How much picture each sends, by how many are in the call: everybody sends to everybody. */

/**
 * @param {number} people in the call, oneself included
 * @returns {import('./peer.js').Budget} scale: the picture's sides are divided by it
 */
export function budgetFor(people) {
  if (people <= 2) return { scale: 1, fps: 30, bitrate: 1_700_000 };
  if (people <= 4) return { scale: 1, fps: 30, bitrate: 900_000 };
  if (people <= 6) return { scale: 2, fps: 20, bitrate: 400_000 };
  if (people <= 9) return { scale: 3, fps: 15, bitrate: 220_000 };
  return { scale: 4, fps: 12, bitrate: 130_000 };
}
