/**
 * Line icons on a grid of 24, and the logo, drawn for this client. They say nothing to screen readers: words stand
 * beside them.
 */

import { html } from '../vendor/preact.js';

const PATHS = {
  alert: 'M12 8v5M12 16.5v.01M12 3 2.5 20h19z',
  arrowDown: 'M12 5v14M6 13l6 6 6-6',
  back: 'M15 5l-7 7 7 7',
  bell: 'M6 16V10a6 6 0 0 1 12 0v6l1.5 2h-15zM10 21h4',
  bellOff: 'M3 3l18 18M8 5.500A6 6 0 0 1 18 10v5M6 9v7l-1.5 2H17M10 21h4',
  camera:
    'M3 7.5A1.5 1.5 0 0 1 4.5 6h9A1.5 1.5 0 0 1 15 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16.5z' +
    'M15 10.5l6-3.5v10l-6-3.5',
  cameraOff:
    'M3 3l18 18M7 6h6.5A1.5 1.5 0 0 1 15 7.5V14M15 10.5l6-3.5v10l-3-1.800' +
    'M14.5 17.700a1.5 1.5 0 0 1-1 .3h-9A1.5 1.5 0 0 1 3 16.5v-9C3 7 3.200 6.5 3.700 6.200',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checkAll: 'M2.5 13l4 4L15 8M11.500 16l1 1L21.500 8',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M8 8V4.5h11.5V16H16M4.5 8H16v11.5H4.5z',
  devices: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 4.5v5M8 14.5v5',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  enlarge: 'M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7',
  expand: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  float: 'M3.5 5h17v14h-17zM12 11.5h6V17h-6z',
  grip: 'M9 6v.01M15 6v.01M9 12v.01M15 12v.01M9 18v.01M15 18v.01',
  hangUp:
    'M3.5 14.5c-1-1.5-.8-3.300.6-4.200 4.700-3 11.100-3 15.800 0 1.400.9 1.600 2.700.6 4.200l-.5.7-4.5-1.5v-3' +
    'a11 11 0 0 0-7 0v3L4 15.200z',
  key: 'M8 19.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM10.800 12.700L19 4.500M15.500 8l3 3',
  leave: 'M14 4h5v16h-5M4 12h10M10 8l4 4-4 4',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  logOut: 'M12 3v9M7 5.800a8 8 0 1 0 10 0',
  mic: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
  micOff:
    'M3 3l18 18M9 9v2a3 3 0 0 0 4.5 2.600M15 10.5V6a3 3 0 0 0-5.800-1M5.5 11a6.5 6.5 0 0 0 10.300 5.300' +
    'M18.5 11c0 1-.2 1.900-.6 2.700M12 17.5V21',
  missed: 'M4 8l6.5 6.5L20 5M4 8v5M4 8h5',
  more: 'M5.5 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2zM12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2zM18.5 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2z',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.300a3.5 3.5 0 0 1 0 6.400' +
    'M18 14.5c2 .8 3.200 2.600 3.5 5.5',
  phone:
    'M7 3.5l2.5 4.5-2 2a13 13 0 0 0 6.5 6.5l2-2 4.5 2.5c.3 2.200-1.400 3.800-3.5 3.5' +
    'C9.5 19.5 4.5 14.5 3.5 7 3.200 5 4.800 3.200 7 3.5z',
  phoneIn: 'M20 4l-9 9M11 6.5V13h6.5M4 20h16',
  phoneOut: 'M4 20L19 5M11 5h8v8',
  pin: 'M9 4h6l-.8 6 3.300 3.5h-11L9.800 10zM12 13.5V20',
  plus: 'M12 5v14M5 12h14',
  retry: 'M4 12a8 8 0 0 1 14-5.300L20 9M20 4v5h-5M20 12a8 8 0 0 1-14 5.300L4 15M4 20v-5h5',
  rooms: 'M5 5h14a1.5 1.5 0 0 1 1.5 1.5v8A1.5 1.5 0 0 1 19 16h-7l-5 4v-4H5a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 5 5z',
  screen: 'M3.5 5h17v11h-17zM9 20h6M12 13V8M9.5 10.5L12 8l2.5 2.5',
  screenOff: 'M3.5 5h17v11h-17zM9 20h6M9.5 8l5 5M14.5 8l-5 5',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20',
  sound: 'M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4.200 4.200 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  send: 'M4 12l16-7.5-5.5 15.5-3-6.5z',
  settings:
    'M10.0 5.7L10.5 3.2L13.5 3.2L14.0 5.7L15.1 6.2L17.1 4.7L19.3 6.9L17.8 8.9L18.3 10.0L20.8 10.5L20.8 13.5' +
    'L18.3 14.0L17.8 15.1L19.3 17.1L17.1 19.3L15.1 17.8L14.0 18.3L13.5 20.8L10.5 20.8L10.0 18.3L8.9 17.8L6.9 19.3' +
    'L4.7 17.1L6.2 15.1L5.7 14.0L3.2 13.5L3.2 10.5L5.7 10.0L6.2 8.9L4.7 6.9L6.9 4.7L8.9 6.2z' +
    'M12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  shrink: 'M13 5v6h6M20 4l-7 7M11 19v-6H5M4 20l7-7',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
};

/** @param {keyof typeof PATHS} name */
export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;

/** The picture of a call of a kind. @param {import('../protocol/types.js').CallType} callType */
export const callIcon = (callType) => icon(callType === 'audio' ? 'phone' : 'camera');

/** The sign of the client. The icon of the page is the same. */
export const logo = () => html`<svg class="logo" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
  <rect width="64" height="64" rx="15" fill="#0d6a66" />
  <g fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round">
    <path d="M15 21v21c0 3 4.3 5.4 9.5 5.4S34 45 34 42V21" />
    <ellipse cx="24.5" cy="21" rx="9.5" ry="4.6" />
    <path d="M15 29.5c0 2.800 4.3 5 9.5 5s9.5-2.2 9.5-5M34 37c7 0 5-13 15.5-20.5" />
  </g>
  <circle cx="50" cy="16" r="3.2" fill="#ffd27a" />
</svg>`;
