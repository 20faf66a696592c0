/** A place beside the app for what stands in front of it, where no hidden or clipped parent can hide it. */

import { render, useLayoutEffect, useState } from '../vendor/preact.js';

/**
 * Shows its children there instead of inside the view that asks for them.
 * @param {{children?: unknown}} props
 */
export function Portal({ children }) {
  const [place] = useState(() => document.createElement('div'));
  useLayoutEffect(() => {
    (document.getElementById('layers') ?? document.body).append(place);
    return () => {
      // Before the place is gone: an effect that ends a dialog needs it in the page to give the focus back.
      render(null, place);
      place.remove();
    };
  }, []);
  useLayoutEffect(() => render(children, place));
  return null;
}
