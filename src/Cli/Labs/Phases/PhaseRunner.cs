namespace Appliance.Cli.Labs;

/// <summary>Runs the phases of a lab, one after the other.</summary>
internal static class PhaseRunner
{
    /// <summary>Runs them to the end.</summary>
    /// <exception cref="OperationCanceledException">The command is to end; what was found until then stands in the context.</exception>
    /// <exception cref="Failure">A phase could not be carried out.</exception>
    public static void Run(PhaseContext context)
    {
        foreach (var phase in context.Lab.File.Phases)
        {
            context.Wait(0);
            switch (phase)
            {
                case DirectPhase direct:
                    DirectPairs.Run(context, direct);
                    break;
                case CommandPhase command:
                    CommandUnderTraffic.Run(context, command);
                    break;
                case JoinPhase join:
                    Joining.Run(context, join);
                    break;
                case LeavePhase leave:
                    Leaving.Run(context, leave);
                    break;
                default:
                    throw new InvalidOperationException($"no phase {phase}");
            }

            context.Done.Add(phase.Name);
        }
    }
}
