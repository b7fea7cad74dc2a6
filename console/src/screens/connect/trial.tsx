import { CircleCheck, CircleDashed, CircleHelp, CircleX, TriangleAlert } from 'lucide-react'
import type { Trying } from '../../api/schema'
import { Banner, sentence } from '../../ui/banner'
import { stages, stageWords } from './words'

const states = {
  ok: [CircleCheck, 'good', 'text-good'],
  failed: [CircleX, 'failed', 'text-wrong'],
  warning: [TriangleAlert, 'look at this', 'text-warn'],
  skipped: [CircleDashed, 'not reached', 'text-soft'],
  unknown: [CircleHelp, 'not known', 'text-soft'],
} as const

/** What came of trying a connection out, step by step. */
export function TrialSteps({ trial }: { trial: Trying }) {
  return (
    <div className="space-y-3">
      <Banner kind={trial.works ? (trial.warning ? 'warn' : 'good') : 'wrong'} title={trial.works ? 'It works' : 'It does not work'}>
        {trial.warning && <p>{sentence(trial.warning)}</p>}
      </Banner>
      <ol aria-label="What was checked" className="space-y-2">
        {trial.steps.map((step) => {
          const [Icon, words, look] = states[step.state]
          return (
            <li key={step.stage} className="flex gap-2.5">
              <Icon aria-hidden="true" className={`mt-0.5 size-5 shrink-0 ${look}`} />
              <div className="min-w-0">
                {stages[step.stage]}: <span className="font-semibold">{words}</span>
                {step.hint && <p>{sentence(step.hint)}</p>}
                {(step.among ?? []).length > 0 && <p className="text-sm text-soft">The provider does not tell which. It may also be: {(step.among ?? []).map(stageWords).join(', ')}.</p>}
                {step.docs && (
                  <a href={step.docs} target="_blank" rel="noreferrer" className="text-sm underline">
                    What the provider says of it
                  </a>
                )}
              </div>
            </li>
          )
        })}
      </ol>
    </div>
  )
}
