import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { Connections } from './pages/connections';
import { DeadLetters } from './pages/dead_letters';
import { Exchanges } from './pages/exchanges';
import { Login } from './pages/login';
import { Overview } from './pages/overview';
import { Queue } from './pages/queue';
import { Queues } from './pages/queues';
import { useAlarms } from './state/alarms';
import { useDeadLetters } from './state/dead_letters';
import { useKeys } from './state/keys';
import { togglePause } from './state/live';
import { go, path } from './state/route';
import { credentials } from './state/session';
import { nextTheme } from './state/theme';
import { KeyHelp } from './ui/key_help';
import { later } from './ui/later';
import { Link } from './ui/link';
import { Page } from './ui/page';
import { Shell, useWhoami } from './ui/shell';
import { Empty } from './ui/states';

const admin = later(() => import('./pages/admin'));

const pages: Record<string, ComponentType> = {
  '/ui/overview': Overview,
  '/ui/queues': Queues,
  '/ui/queue': Queue,
  '/ui/dead-letters': DeadLetters,
  '/ui/exchanges': Exchanges,
  '/ui/connections': Connections,
  '/ui/users': admin((part) => part.Users),
  '/ui/user': admin((part) => part.User),
  '/ui/tokens': admin((part) => part.Tokens),
  '/ui/vhosts': admin((part) => part.Vhosts),
  '/ui/vhost': admin((part) => part.Vhost),
  '/ui/policies': admin((part) => part.Policies),
  '/ui/definitions': admin((part) => part.Definitions),
  '/ui/settings': admin((part) => part.Settings),
};

function NotFound() {
  return (
    <Page title="No such page" tab="No such page">
      <Empty title="There is nothing at this address">
        <Link to="/ui/queues" class="button">
          To the queues
        </Link>
      </Empty>
    </Page>
  );
}

/** The page of the address, in the shell, under the login when nobody is logged in. */
export function App() {
  const [help, setHelp] = useState(false);
  useWhoami();
  useDeadLetters();
  useAlarms();
  useKeys({
    'g o': () => go('/ui/overview'),
    'g u': () => go('/ui/users'),
    'g v': () => go('/ui/vhosts'),
    'g p': () => go('/ui/policies'),
    'g s': () => go('/ui/settings'),
    'g q': () => go('/ui/queues'),
    'g d': () => go('/ui/dead-letters'),
    'g e': () => go('/ui/exchanges'),
    'g c': () => go('/ui/connections'),
    p: togglePause,
    t: nextTheme,
    '?': () => setHelp(true),
  });
  const Current = pages[path.value] ?? NotFound;
  return (
    <>
      <Shell>
        <Current />
      </Shell>
      {help ? <KeyHelp onClose={() => setHelp(false)} /> : null}
      {credentials.value === null ? <Login /> : null}
    </>
  );
}
