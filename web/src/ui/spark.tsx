/** A line without axes: the last minutes of one figure. The figure itself stands beside it as text. */
export function Spark({ values, tone = '' }: { values: number[]; tone?: string }) {
  const width = 96;
  const height = 24;
  // A stub of a line looks like a flaw, not like a course.
  if (values.length < 5) return <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />;
  const max = Math.max(...values, 1e-9);
  const slots = Math.max(values.length - 1, 30);
  const x = (i: number) => width - ((values.length - 1 - i) * width) / slots;
  const y = (value: number) => height - 1.5 - (value / max) * (height - 4);
  const line = values.map((value, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  return (
    <svg class={`spark ${tone}`} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="spark-area" d={`${line}L${width} ${height}L${x(0).toFixed(1)} ${height}Z`} />
      <path class="spark-line" d={line} />
    </svg>
  );
}

interface StatProps {
  label: string;
  value: string;
  unit?: string;
  values?: number[];
  tone?: string;
  title?: string;
}

/** One figure of a strip: name, value, and its recent course. */
export function Stat({ label, value, unit, values, tone = '', title }: StatProps) {
  return (
    <div class={`stat ${tone} ${value === '0' ? 'zero' : ''}`} title={title}>
      <dt>{label}</dt>
      <dd>
        <span class="stat-value">
          {value}
          {unit ? <span class="stat-unit">{unit}</span> : null}
        </span>
        {values ? <Spark values={values} tone={tone} /> : null}
      </dd>
    </div>
  );
}
