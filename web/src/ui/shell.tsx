import { batch } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import * as calls from '../api/calls';
import { now } from '../state/clock';
import { deadLetters } from '../state/dead_letters';
import { feed, overview, receivedAt, togglePause } from '../state/live';
import { dismiss, notices } from '../state/notices';
import { cancel, running } from '../state/operations';
import { credentials, logins, sessionEnded, tagList, tags, user } from '../state/session';
import { nextTheme, theme } from '../state/theme';
import { count, shortCount, span } from './format';
import { Icon } from './icons';
import { Link } from './link';
import { adminPlaces, isHere, offered, type Place } from './admin';
import { AlarmBanner } from './alarm_banner';
import { visible } from './visible';

const pages: Place[] = [
  { to: '/ui/overview', icon: 'overview', label: 'Overview' },
  { to: '/ui/queues', also: '/ui/queue', icon: 'queues', label: 'Queues' },
  { to: '/ui/dead-letters', icon: 'dead', label: 'Dead letters' },
  { to: '/ui/exchanges', icon: 'exchanges', label: 'Exchanges' },
  { to: '/ui/connections', icon: 'connections', label: 'Connections' },
];

/** What surrounds every page: navigation, the live chip, results of actions. */
export function Shell({ children }: { children: ComponentChildren }) {
  const stale = receivedAt.value > 0 && now.value - receivedAt.value > 10_000 && credentials.value !== null;
  return (
    <div class={`shell ${stale ? 'stale' : ''}`}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <Link to="/ui/overview" class="brand" aria-label="Leveret, to the overview">
          <Brand />
          <span>Leveret</span>
        </Link>
        <Version />
        <span class="spacer" />
        <LiveChip />
        <ThemeButton />
        {credentials.value ? (
          <button type="button" class="quiet-button" onClick={() => sessionEnded()} title="Log out">
            <Icon name="out" />
            <span class="user-name">{visible(user.value || 'user')}</span>
            <span class="visually-hidden"> – log out</span>
          </button>
        ) : null}
      </header>
      <nav class="rail" aria-label="Pages">
        {pages.map((place) => (
          <RailLink key={place.to} place={place} />
        ))}
        <h2 class="rail-head">Admin</h2>
        {offered(adminPlaces).map((place) => (
          <RailLink key={place.to} place={place} extra="rail-admin" />
        ))}
        <AdminLink />
      </nav>
      <main id="main" tabIndex={-1}>
        <AlarmBanner />
        {children}
      </main>
      <Operations />
      <Notices />
    </div>
  );
}

function RailLink({ place, extra = '' }: { place: Place; extra?: string }) {
  return (
    <Link to={place.to} class={extra} aria-current={isHere(place) ? 'page' : undefined}>
      <Icon name={place.icon} />
      <span>{place.label}</span>
      {place.to === '/ui/dead-letters' ? <DeadBadge /> : null}
    </Link>
  );
}

/** Where the rail is a bar at the bottom: one way to all pages of the section, which lead to one another. */
function AdminLink() {
  const first = offered(adminPlaces)[0];
  if (!first) return null;
  return (
    <Link to={first.to} class="rail-admin-only" aria-current={adminPlaces.some(isHere) ? 'page' : undefined}>
      <Icon name="settings" />
      <span>Admin</span>
    </Link>
  );
}

function Brand() {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M11.5 4.500c2.2 1.6 3.2 5 3.4 8.300h2.200c.2-3.3 1.2-6.7 3.4-8.3 1.6 2.6 1.3 6.6-.2 9.6 2.6 1.6 4.2 4.2 4.2 7 0 4-3.8 6.4-8.5 6.400s-8.5-2.4-8.5-6.400c0-2.8 1.6-5.4 4.2-7-1.5-3-1.8-7-.2-9.600z" />
    </svg>
  );
}

function Version() {
  const server = overview.value;
  if (!server) return null;
  return (
    <span class="version" title={server.uptime === undefined ? undefined : `up for ${span(server.uptime)}`}>
      {visible(server.product_version)} · {visible(server.node)}
    </span>
  );
}

function DeadBadge() {
  const total = (deadLetters.value ?? []).reduce((sum, queue) => sum + queue.messages, 0);
  if (total === 0) return null;
  return (
    <span class="badge">
      {shortCount(total)}
      <span class="visually-hidden"> messages</span>
    </span>
  );
}

/** How the figures arrive, and a switch to hold them. */
function LiveChip() {
  const state = feed.value;
  const age = receivedAt.value ? ` (data ${span(now.value - receivedAt.value)} old)` : '';
  let icon = '○';
  let text = 'Not connected';
  switch (state.kind) {
    case 'live':
      [icon, text] = ['●', 'Live'];
      break;
    case 'polling':
      [icon, text] = ['◐', 'Every 5 s'];
      break;
    case 'connecting':
      text = 'Connecting';
      break;
    case 'paused':
      [icon, text] = ['❚❚', `Paused ${span(now.value - state.since)}`];
      break;
    case 'reconnecting':
      text = `Reconnecting in ${span(state.at - now.value + 999)}${age}`;
      break;
    case 'idle':
      break;
  }
  return (
    <button
      type="button"
      class={`live live-${state.kind}`}
      onClick={togglePause}
      title={`${state.kind === 'paused' ? 'Resume' : 'Pause'} live figures (p)`}
    >
      <span aria-hidden="true" class="live-mark">
        {icon}
      </span>
      {text}
      <span class="visually-hidden">. {state.kind === 'paused' ? 'Resume' : 'Pause'} live figures</span>
    </button>
  );
}

function ThemeButton() {
  const label = { auto: 'as the system', light: 'light', dark: 'dark' }[theme.value];
  return (
    <button
      type="button"
      class="icon-button"
      onClick={nextTheme}
      title={`Theme: ${label} (t)`}
      aria-label={`Theme: ${label}. Change`}
    >
      <Icon name={({ auto: 'auto', light: 'sun', dark: 'moon' } as const)[theme.value]} />
    </button>
  );
}

function Operations() {
  if (running.value.length === 0) return null;
  return (
    <section class="operations" aria-label="Running operations">
      {running.value.map((operation) => (
        <div key={`${operation.vhost}\n${operation.id}`} class="operation">
          <span>
            {operation.kind === 'replay' ? 'Replaying' : 'Deleting'} {count(operation.done)} of {count(operation.total)}
          </span>
          <progress
            max={operation.total || 1}
            value={operation.done + operation.skipped + operation.failed_count}
            aria-label={`Operation ${operation.id}`}
          />
          <button type="button" class="button small" onClick={() => void cancel(operation)}>
            Cancel
          </button>
        </div>
      ))}
    </section>
  );
}

function Notices() {
  return (
    <section class="notices" aria-live="polite" aria-label="Results">
      {notices.value.map(({ id, tone, text, details }) => (
        <div key={id} class={`notice notice-${tone}`}>
          <Icon name={tone === 'ok' ? 'check' : 'warn'} />
          <div class="notice-text">
            <p>{text}</p>
            {details.length > 0 ? (
              <details>
                <summary>Why</summary>
                <ul>
                  {details.map((line, i) => (
                    <li key={i}>{line}</li>
                  ))}
                </ul>
              </details>
            ) : null}
          </div>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </section>
  );
}

/** Learns the user's name after a reload, and whether the kept login still holds. */
export function useWhoami(): void {
  const authorization = credentials.value;
  const login = logins.value;
  useEffect(() => {
    if (!authorization || tags.peek()) return;
    calls.whoami().then(
      (me) =>
        batch(() => {
          user.value = me.name;
          tags.value = tagList(me.tags);
        }),
      () => undefined,
    );
  }, [authorization, login]);
}
