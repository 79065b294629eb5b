namespace Appliance.Policy;

/// <summary>The tables as a function of configuration, kernel and SAs. Pure: no clock, no socket, no log.</summary>
public static class TableBuilder
{
    /// <summary>What the tables shall hold.</summary>
    public static TableContents Build(PolicyInputs inputs) => new TablePlan(inputs).Contents;
}
