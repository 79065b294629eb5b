namespace Appliance.DataPlane;

/// <summary>What the supervisor says on the command line.</summary>
internal sealed record Arguments(string Plan, string Region, string Descriptors)
{
    private const string Usage = "usage: Appliance.DataPlane --plan FILE --region FILE [--descriptors LIST] (started by `appliance run`)";

    /// <summary>False, with a line for people, when they are not complete.</summary>
    public static bool TryRead(string[] args, out Arguments arguments)
    {
        arguments = new Arguments("", "", "");
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            arguments = args[i] switch
            {
                "--plan" => arguments with { Plan = args[i + 1] },
                "--region" => arguments with { Region = args[i + 1] },
                "--descriptors" => arguments with { Descriptors = args[i + 1] },
                _ => arguments with { Plan = "" },
            };
        }

        if (args.Length % 2 == 0 && arguments.Plan.Length != 0 && arguments.Region.Length != 0) return true;
        Log.Say(Usage);
        return false;
    }
}
