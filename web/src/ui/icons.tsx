/** Line icons on a 16 px grid; they stand beside words and are silent for screen readers. */
const paths = {
  queues: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  dead: 'M8 1.8 14.6 13.500H1.400zM8 6.200v3.600M8 11.700v.1',
  exchanges: 'M2 8h4M10 8l4-4M10 8l4 4M6 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0M11.5 3.800H14.200V6.500M11.5 12.200h2.700V9.5',
  connections: 'M5.5 2v3.500M10.5 2v3.500M3.8 5.500h8.400v2.300a4.2 4.2 0 0 1-8.4 0zM8 12v2.5',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 2.500a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3 14 14',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.500M8 13.500V15M1 8h1.500M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.800A5.8 5.8 0 0 1 6.2 2.500a5.8 5.8 0 1 0 7.3 7.300z',
  auto: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  user: 'M8 2.500a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.400M2.8 14c.4-2.8 2.5-4.3 5.2-4.300s4.8 1.5 5.2 4.3',
  replay: 'M3 8a5 5 0 1 0 1.6-3.700L2.5 6.200M2.5 2.500v3.700h3.7',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  copy: 'M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3',
  download: 'M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.500h11',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.700l2.1 1.900M13.5 2.500v3.700H9.8',
  trash: 'M2.5 4.500h11M6 4.500v-2h4v2M4 4.500l.7 9h6.600l.7-9',
  send: 'M2.5 8 13.5 2.5 10 13.5 7.5 9z',
  out: 'M6.5 2.500h-4v11h4M6.5 8h7M10.5 5l3 3-3 3',
  warn: 'M8 1.8 14.6 13.500H1.400zM8 6.200v3.600M8 11.700v.1',
  key: 'M5 6.500a2.8 2.8 0 1 0 0 5.600 2.8 2.8 0 0 0 0-5.600M7.200 7.300 13.500 1.800M11 4l2 2.200M9.200 5.600l1.400 1.500',
  vhosts: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1',
  policies: 'M4 1.800h8v12.400H4zM6 5h4M6 8h4M6 11h2',
  settings: 'M2.5 4.500h6M11.500 4.500h2M10 3v3M2.500 8h2M7.500 8h6M6 6.500v3M2.500 11.500h6M11.500 11.500h2M10 10v3',
  overview: 'M2.5 13.500h11M4 11V7.500M8 11V3.500M12 11V6',
  add: 'M8 3.500v9M3.500 8h9',
  edit: 'M3 13l.7-2.800 7.600-7.600 2.100 2.100-7.600 7.600z',
  check: 'M3 8.5 6.5 12 13 4.5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
