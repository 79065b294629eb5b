namespace Appliance.LineRate;

/// <summary>What every suite is told.</summary>
/// <param name="Seconds">Time to measure for in all, set-up not counted; 0 leaves it to the suite.</param>
/// <param name="Sizes">Packet sizes in octets; empty leaves them to the suite.</param>
/// <param name="Workers">Numbers of workers to measure with; empty leaves them to the suite.</param>
/// <param name="Sas">Number of SAs to measure with, where a suite makes them; 0 leaves it to the suite.</param>
/// <param name="Routes">Number of routes to measure with, where a suite makes them; 0 leaves it to the suite.</param>
public sealed record SuiteOptions(double Seconds, IReadOnlyList<int> Sizes, IReadOnlyList<int> Workers, int Sas, int Routes);

/// <summary>A suite: yields rows as it has them, so that a long run shows where it is.</summary>
public interface ISuite
{
    IEnumerable<Row> Run(SuiteOptions options);
}
