/** What a token says about itself, read without checking it: checking is the server's affair. */

/**
 * @param {string} token a JWT
 * @returns {{issuedAt: number, expiresAt: number} | null} both in milliseconds since 1970
 */
export function lifetime(token) {
  try {
    const [, body] = token.split('.');
    const { iat, exp } = JSON.parse(atob((body ?? '').replaceAll('-', '+').replaceAll('_', '/')));
    if (!Number.isFinite(iat) || !Number.isFinite(exp) || exp <= iat) return null;
    return { issuedAt: iat * 1000, expiresAt: exp * 1000 };
  } catch {
    return null;
  }
}

/**
 * Milliseconds until a token should be renewed, at half its life; 0 when that has passed.
 * @param {string} token
 * @param {number} now
 */
export function renewalIn(token, now) {
  const life = lifetime(token);
  if (!life) return 0;
  return Math.max(0, (life.issuedAt + life.expiresAt) / 2 - now);
}
