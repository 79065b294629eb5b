using System.Security.Cryptography;
using Appliance.Machine;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>Steps a pure machine and has its actions executed in their order; each step has the time since boot and fresh randomness. A failure is logged and ends nothing. Loop.</summary>
/// <param name="name">What the log calls the machine.</param>
/// <param name="machine">The machine.</param>
/// <param name="execute">Does one action.</param>
/// <param name="log">Where failures go.</param>
internal sealed class MachineStepper<TEvent, TAction>(string name, IMachine<TEvent, TAction> machine, Action<TAction> execute, ILogger log)
    where TEvent : notnull
    where TAction : notnull
{
    private const int SeedsPerDraw = 64;
    private readonly List<TAction> actions = [];
    private readonly byte[] seeds = new byte[SeedsPerDraw * Entropy.SeedLength];
    private readonly Entropy entropy = new(new byte[Entropy.SeedLength]);
    private int seed = SeedsPerDraw;

    /// <summary>When the machine wants to hear of the time.</summary>
    public Instant NextDue => machine.NextDue;

    /// <summary>One event.</summary>
    public void Step(TEvent e)
    {
        actions.Clear();
        try
        {
            machine.Step(new StepContext(new Instant(Environment.TickCount64), Fresh()), e, actions);
        }
        catch (Exception exception)
        {
            // Whatever a peer sent must not stop the gateway; the state that this event was about is lost to its timers.
            log.LogError(exception, "the {Machine} machine failed at {Event}", name, e.GetType().Name);
        }

        foreach (var action in actions)
        {
            try
            {
                execute(action);
            }
            catch (Exception exception)
            {
                log.LogError(exception, "{Action} failed", action.GetType().Name);
            }
        }
    }

    private Entropy Fresh()
    {
        if (seed == SeedsPerDraw)
        {
            RandomNumberGenerator.Fill(seeds);
            seed = 0;
        }

        var fresh = seeds.AsSpan(seed++ * Entropy.SeedLength, Entropy.SeedLength);
        entropy.Reseed(fresh);
        CryptographicOperations.ZeroMemory(fresh);
        return entropy;
    }
}
