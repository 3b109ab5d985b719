import { useState } from 'preact/hooks';
import { ApiError, path } from '../api/client';
import type { Whoami } from '../api/types';
import { basic, sessionStarted } from '../state/session';
import { Dialog, useAction } from '../ui/dialog';

/** Asks who is there, over the page: what is under it stays as it is and goes on afterwards. */
export function Login() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const { busy, error, run } = useAction(async () => {
    const authorization = basic(name, password);
    const response = await fetch(path('whoami'), {
      headers: { Authorization: authorization, 'X-Requested-With': 'leveret-ui' },
      cache: 'no-store',
      credentials: 'omit',
    }).catch(() => {
      throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
    });
    if (response.status === 401) throw new ApiError(401, '', 'The user or the password is not right.');
    if (!response.ok) throw new ApiError(response.status, '', `The server answered ${response.status}.`);
    const me = (await response.json()) as Whoami;
    sessionStarted(authorization, me.name, me.tags);
  });
  return (
    <Dialog title="Log in to Leveret" class="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <div class="dialog-body">
          <label class="field-label" for="login-user">
            User
          </label>
          <input
            id="login-user"
            class="input"
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <label class="field-label" for="login-password">
            Password
          </label>
          <input
            id="login-password"
            class="input"
            name="password"
            type="password"
            autocomplete="current-password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
          {error ? (
            <p class="form-error" role="alert">
              {error}
            </p>
          ) : null}
        </div>
        <footer class="dialog-foot">
          <button type="submit" class="button primary wide" disabled={busy}>
            {busy ? 'Logging in' : 'Log in'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
