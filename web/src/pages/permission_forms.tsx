import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Permission, TopicPermission } from '../api/types';
import { useResource } from '../state/resource';
import { FormDialog } from '../ui/dialog';
import { Field } from '../ui/form';
import { PatternMatches } from '../ui/pattern_matches';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

interface FormProps<T> {
  user: string;
  /** What there is already, to change; null for another. */
  known: T | null;
  onClose: () => void;
  onDone: (where: string) => void;
}

/** Says what a user may do in a virtual host, and shows what the patterns match there. */
export function PermissionForm({ user, known, onClose, onDone }: FormProps<Permission>) {
  const { data: vhosts } = useResource('names of virtual hosts', calls.vhostNames);
  const [vhost, setVhost] = useState(known?.vhost ?? '/');
  const [configure, setConfigure] = useState(known?.configure ?? '.*');
  const [write, setWrite] = useState(known?.write ?? '.*');
  const [read, setRead] = useState(known?.read ?? '.*');
  const matches = (pattern: string) => <PatternMatches vhost={vhost} pattern={pattern} queues exchanges emptyIsNone />;
  return (
    <FormDialog
      title={
        <>
          Permissions of <Name value={user} />
        </>
      }
      action={`Set permissions in ${visible(vhost)}`}
      wide
      onClose={onClose}
      onSubmit={async () => {
        await calls.putPermission({ user, vhost, configure, write, read });
        onDone(vhost);
      }}
    >
      {known ? null : <Field label="Virtual host" value={vhost} onValue={setVhost} options={vhosts ?? []} required />}
      <Field label="Configure: what he may declare and delete" mono value={configure} onValue={setConfigure} />
      {matches(configure)}
      <Field label="Write: where he may publish" mono value={write} onValue={setWrite} />
      {matches(write)}
      <Field label="Read: what he may consume" mono value={read} onValue={setRead} />
      {matches(read)}
      <p class="field-hint">
        Regular expressions on names: <code>.*</code> is everything, empty is nothing, <code>^jobs\.</code> what begins
        with <code>jobs.</code>
      </p>
    </FormDialog>
  );
}

/** Limits the routing keys that a user may use on a topic exchange. */
export function TopicPermissionForm({ user, known, onClose, onDone }: FormProps<TopicPermission>) {
  const { data: vhosts } = useResource('names of virtual hosts', calls.vhostNames);
  const [vhost, setVhost] = useState(known?.vhost ?? '/');
  const [exchange, setExchange] = useState(known?.exchange ?? 'amq.topic');
  const [write, setWrite] = useState(known?.write ?? '.*');
  const [read, setRead] = useState(known?.read ?? '.*');
  return (
    <FormDialog
      title={
        <>
          Topic permissions of <Name value={user} />
        </>
      }
      action={`Limit keys of ${visible(exchange || 'all topic exchanges')}`}
      onClose={onClose}
      onSubmit={async () => {
        await calls.putTopicPermission({ user, vhost, exchange, write, read });
        onDone(exchange || 'all topic exchanges');
      }}
    >
      {known ? null : (
        <>
          <Field label="Virtual host" value={vhost} onValue={setVhost} options={vhosts ?? []} required />
          <Field
            label="Exchange"
            value={exchange}
            onValue={setExchange}
            hint="A topic exchange; empty for all that have no limits of their own"
          />
        </>
      )}
      <Field
        label="Write: routing keys he may publish with"
        mono
        value={write}
        onValue={setWrite}
        hint={
          <>
            A regular expression; <code>{'{username}'}</code> and <code>{'{vhost}'}</code> stand for theirs
          </>
        }
      />
      <Field label="Read: routing keys he may bind with" mono value={read} onValue={setRead} />
    </FormDialog>
  );
}
