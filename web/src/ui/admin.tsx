import type { ComponentChildren } from 'preact';
import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { path } from '../state/route';
import { isAdministrator } from '../state/rights';
import { tags } from '../state/session';
import type { IconName } from './icons';
import { Link } from './link';
import { Page } from './page';
import { Empty, Skeleton } from './states';

export interface Place {
  to: string;
  /** The page of one thing of the list. */
  also?: string;
  icon: IconName;
  label: string;
  /** For whom it is; for everyone without it. */
  right?: { readonly value: boolean };
}

/** The pages of the Admin section. */
export const adminPlaces: Place[] = [
  { to: '/ui/users', also: '/ui/user', icon: 'user', label: 'Users', right: isAdministrator },
  { to: '/ui/tokens', icon: 'key', label: 'Tokens' },
  { to: '/ui/vhosts', also: '/ui/vhost', icon: 'vhosts', label: 'Virtual hosts' },
  { to: '/ui/policies', icon: 'policies', label: 'Policies' },
  { to: '/ui/definitions', icon: 'download', label: 'Definitions', right: isAdministrator },
  { to: '/ui/settings', icon: 'settings', label: 'Settings', right: isAdministrator },
];

export const isHere = ({ to, also }: Place): boolean => path.value === to || path.value === also;
export const offered = (places: Place[]): Place[] => places.filter(({ right }) => right?.value !== false);

interface AdminPageProps {
  title: ComponentChildren;
  tab: string;
  above?: ComponentChildren;
  beside?: ComponentChildren;
  /** Whose page it is; the others are told, and nothing is asked of the server. */
  right?: Pick<Signal<boolean>, 'value'>;
  children: () => ComponentChildren;
}

/** A page of the Admin section; where the rail is narrow, with the way to the others of it. */
export function AdminPage({ title, tab, above, beside, right, children }: AdminPageProps) {
  const known = tags.value !== null;
  const nav = useRef<HTMLElement>(null);
  useEffect(
    () => nav.current?.querySelector('[aria-current]')?.scrollIntoView({ inline: 'nearest', block: 'nearest' }),
    [tab, known],
  );
  const may = right ? right.value : true;
  return (
    <Page
      title={title}
      tab={tab}
      above={
        <>
          <nav ref={nav} class="tabs admin-tabs" aria-label="Admin">
            {offered(adminPlaces).map((place) => (
              <Link key={place.to} to={place.to} aria-current={isHere(place) ? 'page' : undefined}>
                {place.label}
              </Link>
            ))}
          </nav>
          {above}
        </>
      }
      beside={may ? beside : null}
    >
      {!known && right ? (
        <Skeleton rows={8} />
      ) : may ? (
        children()
      ) : (
        <Empty title="This page is for administrators">
          <p class="muted">
            Your user has not the tag <code>administrator</code>. One who has can give it to you.
          </p>
        </Empty>
      )}
    </Page>
  );
}
