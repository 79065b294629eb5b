using System.CommandLine;
using Appliance.Shared;

namespace Appliance.Cli.Commands;

/// <summary><c>run</c> becomes the supervisor, <c>check</c> becomes the slow path's check: same process number, signals and exit code.</summary>
internal static class RunCommand
{
    /// <summary>appliance run CONFIG.</summary>
    public static Command Run()
    {
        var keys = new Option<string?>("--export-keys") { Description = "Write the keys of IKE and ESP SAs to this file, for Wireshark: for tests alone", HelpName = "FILE" };
        var command = new Command("run", "Run a gateway in the foreground: supervisor, data plane and slow path. SIGTERM ends it, SIGHUP reloads.") { keys };
        return Becomes(command, Programs.Supervisor, (parsed, file) =>
        {
            if (parsed.GetValue(keys) is not { } into) return [file];
            var path = Path.GetFullPath(into);
            Console.Error.WriteLine($"appliance: WARNING: keys are written to {path}: who reads that file reads what goes through the tunnels. Remove it afterwards");
            return [file, "--export-keys", path];
        });
    }

    /// <summary>appliance check CONFIG.</summary>
    public static Command Check() =>
        Becomes(new Command("check", "Check a configuration without starting anything. Exit code 2 when it is wrong."), Programs.SlowPath, (_, file) => ["check", file]);

    private static Command Becomes(Command command, string program, Func<ParseResult, string, IReadOnlyList<string>> arguments)
    {
        var configuration = new Argument<string>("CONFIG") { Description = "YAML file of the gateway" };
        command.Add(configuration);
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(configuration);
            if (!File.Exists(file)) throw new Failure("cannot read the configuration", Path.GetFullPath(file), "there is no such file", "give the path of a configuration", Failure.BadInput);
            try
            {
                LinuxProcess.Replace(Programs.Find(program), arguments(parsed, file));
            }
            catch (IOException e)
            {
                throw new Failure($"cannot start {program}", AppContext.BaseDirectory, e.Message, "build or install the whole product: make build");
            }
        });
        return command;
    }
}
