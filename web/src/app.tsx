import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { Connections } from './pages/connections';
import { DeadLetters } from './pages/dead_letters';
import { Exchanges } from './pages/exchanges';
import { Login } from './pages/login';
import { Queue } from './pages/queue';
import { Queues } from './pages/queues';
import { useDeadLetters } from './state/dead_letters';
import { useKeys } from './state/keys';
import { togglePause } from './state/live';
import { go, path } from './state/route';
import { credentials } from './state/session';
import { nextTheme } from './state/theme';
import { KeyHelp } from './ui/key_help';
import { Link } from './ui/link';
import { Page } from './ui/page';
import { Shell, useWhoami } from './ui/shell';
import { Empty } from './ui/states';

const pages: Record<string, ComponentType> = {
  '/ui/queues': Queues,
  '/ui/queue': Queue,
  '/ui/dead-letters': DeadLetters,
  '/ui/exchanges': Exchanges,
  '/ui/connections': Connections,
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
  useKeys({
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
