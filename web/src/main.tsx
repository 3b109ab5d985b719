import { render } from 'preact';
import { App } from './app';
import { startClock } from './state/clock';
import { startKeys } from './state/keys';
import { startLive } from './state/live';
import { startRouting } from './state/route';
import { startTheme } from './state/theme';

startTheme();
startRouting();
startClock();
startLive();
startKeys();

const root = document.getElementById('app');
if (root) render(<App />, root);
