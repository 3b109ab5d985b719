import { Dialog } from './dialog';

const keys: [string, string][] = [
  ['g o', 'Overview'],
  ['g q', 'Queues'],
  ['g d', 'Dead letters'],
  ['g e', 'Exchanges'],
  ['g c', 'Connections'],
  ['g u', 'Users'],
  ['g v', 'Virtual hosts'],
  ['g p', 'Policies'],
  ['g s', 'Settings'],
  ['/', 'Filter'],
  ['[  ]', 'Previous, next page of a list'],
  ['j  k', 'Next, previous message or row'],
  ['Space  Enter', 'Open the message'],
  ['x', 'Select the message'],
  ['a', 'Select all shown'],
  ['A', 'Select all matching'],
  ['r', 'Replay the selection, or the open message'],
  ['p', 'Pause or resume live figures'],
  ['t', 'Theme'],
  ['Esc', 'Close, clear'],
];

/** The list of keys, on `?`. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="dialog-body">
        <dl class="keys">
          {keys.map(([key, words]) => (
            <div key={key}>
              <dt>
                {key.split(/\s{2}/).map((one) => (
                  <kbd key={one}>{one}</kbd>
                ))}
              </dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
