using System.CommandLine;
using Appliance.Cli;
using Appliance.Cli.Commands;

var root = new RootCommand("VPN gateway appliance: runs gateways, asks them, and builds labs of them. Exit codes: 0 done, 1 failed, 2 bad input.")
{
    RunCommand.Run(),
    RunCommand.Check(),
    ShowCommand.Create(),
    TopCommand.Create(),
    IkeCommand.Create(),
    GroupCommand.Create(),
    BgpCommand.Create(),
    DrainCommand.Create(),
    ProtectedCommand.Create(),
    SaCommand.Create(),
    ReloadCommand.Create(),
    PkiCommand.Create(),
    LabCommand.Create(),
};

try
{
    var parsed = root.Parse(args);
    // System.CommandLine says 1 for a command line that it cannot read; here that is bad input.
    var code = parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    return parsed.Errors.Count > 0 ? Failure.BadInput : code;
}
catch (Failure failure)
{
    Console.Error.WriteLine(failure.Text);
    return failure.ExitCode;
}
catch (UnauthorizedAccessException e)
{
    Console.Error.WriteLine(new Failure("this needs more rights", "the gateway's files", e.Message, "run it as the user that runs the gateway (root)").Text);
    return Failure.AtRunTime;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("appliance: ended by a signal; everything that was made is removed");
    return Failure.AtRunTime;
}
